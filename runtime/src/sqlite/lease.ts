/** A test's right to use a handle: until the test ends or somebody closes it. Knows no SQL. */
import { HazardError, type TestIdentity } from '../hazard-error.ts';
import { identityOf, sayTest } from '../test-family.ts';
import type { TestScope } from '../test-scope.ts';
import { Notes } from '../notes.ts';
import { captureTrace, formatPlace, type Trace } from '../trace.ts';
import { iteratorOver, type Rows } from './rows.ts';

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
  return new Lease(() => sayTest(scope.name), opened, scope);
}

export class Lease {
  readonly opened: Trace;
  readonly #owner: () => string;
  readonly #scope: TestScope | undefined;
  #iterators: Set<OpenIterator> | undefined;
  #notes: Notes | undefined;
  #state: LeaseState = OPEN;

  /** @param owner whose it is, as a noun phrase: `test "…"` */
  constructor(owner: () => string, opened: Trace, scope?: TestScope) {
    this.#owner = owner;
    this.opened = opened;
    this.#scope = scope;
  }

  get owner(): string {
    return this.#owner();
  }

  /** Reads where the test is, which takes its time. */
  get test(): TestIdentity | undefined {
    return this.#scope && identityOf(this.#scope);
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

  /** Whether rows of a statement are still being read. */
  get isReading(): boolean {
    return this.#iterators !== undefined && this.#iterators.size > 0;
  }

  /** The app closed its handle. The real one is released with the test. */
  close(): void {
    if (this.#state.is === 'open') this.#state = { is: 'closed', by: captureTrace() };
  }

  /** Hazards that its test is told of and that do not fail it. */
  get notes(): Notes {
    return (this.#notes ??= new Notes());
  }

  /** The same work of a transaction function; told of when it is asynchronous, which the driver refuses. */
  watchTransaction<Work extends (...args: unknown[]) => unknown>(work: Work): Work {
    const noteAsync = (): void => {
      this.#noteAsync();
    };
    return function (this: unknown, ...args: unknown[]): unknown {
      const result = work.apply(this, args);
      if (isPromise(result)) noteAsync();
      return result;
    } as Work;
  }

  #noteAsync(): void {
    this.notes.tell(
      'no-async-sqlite-transaction',
      () =>
        new HazardError('no-async-sqlite-transaction', {
          values: { test: this.owner },
          acquired: this.opened,
          used: captureTrace(),
          test: this.test,
        }),
    );
  }

  /** The test is over and the app has not ended its transaction. */
  noteOpenTransaction(): void {
    this.notes.tell(
      'no-async-sqlite-transaction',
      () =>
        new HazardError('no-async-sqlite-transaction', {
          happened: `A transaction was still open when ${this.owner} ended: its COMMIT was not reached, or is still to come.`,
          acquired: this.opened,
          test: this.test,
          remedy:
            'Await what the test begins, and end a transaction on every path: `db.transaction(() => …)` with a synchronous body does both.',
        }),
    );
  }

  /** Ends the right to use the handle. @throws HazardError `no-late-activity` for rows still being read */
  end(): void {
    this.#state = ENDED;
    if (!this.#iterators) return;
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
  track(sql: string, rows: Rows): IterableIterator<unknown> {
    const open: OpenIterator = { sql, began: captureTrace(), close: () => void rows.return?.() };
    const iterators = (this.#iterators ??= new Set());
    iterators.add(open);
    return iteratorOver({
      next: () => {
        try {
          const result = rows.next();
          if (result.done) iterators.delete(open);
          return result;
        } catch (error) {
          iterators.delete(open);
          // It was refused, and the driver, which knows nothing of that, still reads.
          if (error instanceof HazardError) open.close();
          throw error;
        }
      },
      return: () => {
        iterators.delete(open);
        return rows.return?.() ?? { done: true as const, value: undefined };
      },
    });
  }
}

const OPEN: LeaseState = { is: 'open' };
const ENDED: LeaseState = { is: 'ended' };

export function isPromise(result: unknown): boolean {
  return typeof (result as { then?: unknown } | null | undefined)?.then === 'function';
}

function at({ place }: Trace): string {
  return place ? ` (${formatPlace(place)})` : '';
}
