/** A test's right to use a handle: until the test ends or somebody closes it. Knows no SQL. */
import { HazardError, type TestIdentity } from '../hazard-error.ts';
import { identityOf, sayTest } from '../test-family.ts';
import type { TestScope } from '../test-scope.ts';
import { captureTrace, formatPlace, type Trace } from '../trace.ts';

type LeaseState =
  | { readonly is: 'open' }
  | { readonly is: 'closed'; readonly by: Trace }
  | { readonly is: 'ended' };

/** A statement whose rows are still being read. */
interface OpenIterator {
  readonly sql: string;
  readonly began: Trace;
  readonly close: () => void;
}

/** The lease of one test. */
export function leaseOf(scope: TestScope, opened: Trace): Lease {
  return new Lease(sayTest(scope.name), opened, identityOf(scope));
}

export class Lease {
  /** Whose it is, as a noun phrase: `test "…"`. */
  readonly owner: string;
  readonly opened: Trace;
  readonly test: TestIdentity | undefined;
  readonly #iterators = new Set<OpenIterator>();
  #state: LeaseState = { is: 'open' };

  constructor(owner: string, opened: Trace, test?: TestIdentity) {
    this.test = test;
    this.owner = owner;
    this.opened = opened;
  }

  get isOpen(): boolean {
    return this.#state.is === 'open';
  }

  /** @throws HazardError `no-late-activity` after the test, `no-use-after-end` after `close()` */
  assertUsable(): void {
    switch (this.#state.is) {
      case 'open':
        return;
      case 'ended':
        throw new HazardError('no-late-activity', {
          happened: `The database handle of ${this.owner} was used after its end.`,
          acquired: this.opened,
          used: captureTrace(),
          test: this.test,
        });
      case 'closed':
        throw new HazardError('no-use-after-end', {
          happened: `The database connection is not open: ${this.owner} closed it${at(this.#state.by)} and used it again.`,
          acquired: this.opened,
          used: captureTrace(),
          test: this.test,
        });
    }
  }

  /** The app closed its handle. The real one is released with the test. */
  close(): void {
    if (this.#state.is === 'open') this.#state = { is: 'closed', by: captureTrace() };
  }

  /** Ends the right to use the handle. @throws HazardError `no-late-activity` for rows still being read */
  end(): void {
    this.#state = { is: 'ended' };
    const left = [...this.#iterators];
    for (const { close } of left) close();
    const [first] = left;
    if (!first) return;
    throw new HazardError('no-late-activity', {
      happened: `When ${this.owner} ended, the rows of ${left.map(({ sql, began }) => `"${sql}"${at(began)}`).join(', ')} were still being read.`,
      acquired: this.opened,
      used: first.began,
      test: this.test,
      remedy:
        'Read an iterator to its end, leave it by `break` in `for … of`, or call its `return()`.',
    });
  }

  /** The same rows; noted as open until they are read to the end or given up. */
  track(sql: string, rows: IterableIterator<unknown>): IterableIterator<unknown> {
    const open: OpenIterator = { sql, began: captureTrace(), close: () => void rows.return?.() };
    this.#iterators.add(open);
    const tracked: IterableIterator<unknown> = {
      next: () => {
        try {
          const result = rows.next();
          if (result.done) this.#iterators.delete(open);
          return result;
        } catch (error) {
          this.#iterators.delete(open);
          throw error;
        }
      },
      return: () => {
        this.#iterators.delete(open);
        return rows.return?.() ?? { done: true, value: undefined };
      },
      [Symbol.iterator]: () => tracked,
    };
    return tracked;
  }
}

function at({ place }: Trace): string {
  return place ? ` (${formatPlace(place)})` : '';
}
