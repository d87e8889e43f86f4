/** What a sandbox tells the author of a test: which statement, whose it was, and the way out. Decides nothing. */
import { HazardError } from '../hazard-error.ts';
import { captureTrace } from '../trace.ts';
import type { Lease } from './lease.ts';
import type { Pragma } from './statement-kind.ts';

const OWN_DATABASE =
  'Give this test a copy of its own, `db.clone(t)` of `savepoint/sqlite`, where all that SQLite does is done for real.';

export class Refusals {
  readonly #lease: Lease;

  constructor(lease: Lease) {
    this.#lease = lease;
  }

  vacuum(): HazardError {
    return this.#refusal(this.#cannotRun('VACUUM'), OWN_DATABASE);
  }

  pragma({ name, value }: Pragma): HazardError {
    const set = `${name}: ${JSON.stringify(value ?? '')}`;
    return this.#refusal(
      this.#cannotRun(`PRAGMA ${name}`),
      value === undefined || name === 'wal_checkpoint'
        ? 'Leave it out of the test: nothing is committed in the sandbox.'
        : `Set it where the handle is opened: \`sqlite({ pragma: { ${set} } })\`, or on the app's own handle before the tests begin; or give the test a copy of its own, \`db.clone(t)\`.`,
    );
  }

  detach(cause: unknown): HazardError {
    return this.#refusal(
      `${this.#lease.owner} detached a database that was read or written in it, and in the rollback sandbox no transaction ends before the test does.`,
      OWN_DATABASE,
      cause,
    );
  }

  /** @param what would put another database in the place of this one */
  replacing(what: string): HazardError {
    return this.#refusal(
      `${what} would go around the rollback sandbox of ${this.#lease.owner}.`,
      OWN_DATABASE,
    );
  }

  /** @param what would copy what is committed */
  copying(what: string): HazardError {
    return this.#refusal(
      `${what} copies what is committed, and in the rollback sandbox of ${this.#lease.owner} nothing is.`,
      OWN_DATABASE,
    );
  }

  readingOn(cause: unknown): HazardError {
    return this.#refusal(
      `In the rollback sandbox of ${this.#lease.owner} something was undone while rows were being read, and in one transaction that ends all reading.`,
      `Read the rows before, by \`all()\`. ${OWN_DATABASE}`,
      cause,
    );
  }

  /** A statement ended the sandbox's transaction, and what the app had committed went with it. */
  loss(statement: string, cause?: unknown): HazardError {
    return new HazardError('no-nested-begin', {
      values: { test: this.#lease.owner, statement },
      acquired: this.#lease.opened,
      used: captureTrace(),
      test: this.#lease.test,
      remedy: `ON CONFLICT ROLLBACK, INSERT OR ROLLBACK and RAISE(ROLLBACK) end every transaction around them. ${OWN_DATABASE}`,
      cause,
    });
  }

  #cannotRun(statement: string): string {
    return `${statement} cannot run inside a transaction, and the rollback sandbox of ${this.#lease.owner} is one.`;
  }

  #refusal(happened: string, remedy: string, cause?: unknown): HazardError {
    return new HazardError('no-non-transactional-ddl', {
      happened,
      acquired: this.#lease.opened,
      used: captureTrace(),
      test: this.#lease.test,
      remedy,
      cause,
    });
  }
}
