/** What a statement gives row by row, as an iterator with the helpers that those of a driver have. */

export type Rows = Pick<IterableIterator<unknown>, 'next' | 'return'>;

export function iteratorOver({ next, return: giveUp }: Rows): IterableIterator<unknown> {
  const iterator: IterableIterator<unknown> = Object.assign(Object.create(ITERATOR) as object, {
    next,
    return: () => giveUp?.() ?? { done: true as const, value: undefined },
    [Symbol.iterator]: () => iterator,
  });
  return iterator;
}

/** What gives iterators their helpers (`map`, `toArray`), where there are such. */
const ITERATOR = Object.getPrototypeOf(Object.getPrototypeOf([].values())) as object;
