/** What `postgres()` is given, and whether it is what it should be. */
import { SetupError } from '../setup-error.ts';
import type { Migrate } from './migrations.ts';
import { LIBRARIES } from './migrations/libraries.ts';
import type { AllowDatabase } from './test-database.ts';

export interface PostgresOptions {
  /**
   * The server, as `postgres://user:password@host:5432/app_test`. What it leaves out comes from the
   * `PG*` variables, as always with `pg`. Absent or empty: an embedded server.
   */
  readonly connectionString?: string | undefined;
  /**
   * What makes the schema. It runs once, however many processes start together, in a database of
   * its own on that server. Absent: the named database is used as it is, or an empty one on the
   * embedded server.
   */
  readonly migrate?: Migrate | undefined;
  /** Names of databases that may be tested on although they do not look like test databases. */
  readonly allowDatabase?: AllowDatabase;
  /** How many connections this process may have at most: one for each sandbox that is open. Default 10. */
  readonly max?: number | undefined;
  /**
   * `'scattered'`: moves every sequence to a high place of its own, once per run and never backwards,
   * so that tests fail at once that have the ids of rows written in their text. The database keeps
   * that. `SAVEPOINT_SEED` repeats the places of a run on a fresh database.
   */
  readonly sequences?: 'scattered' | undefined;
  /**
   * What `rollback(t)` gives: a sandbox in the database that all tests share, or `'clone'`, a database
   * of the test's own, as `clone(t)` does. Default `'rollback'`.
   */
  readonly isolation?: Isolation | undefined;
  /**
   * Whether the clones of tests that fail are kept, their URLs printed, for whoever looks into them.
   * Default: whether `SAVEPOINT_KEEP_FAILED` is `1`. They go when their test fails again, and with
   * `savepoint prune --all`.
   */
  readonly keepFailed?: boolean | undefined;
}

/** How a test is kept apart from others. */
export type Isolation = 'rollback' | 'clone';

type Check = readonly [expected: string, holds: (value: unknown) => boolean];

const isString = (value: unknown): value is string => typeof value === 'string';

const CHECKS: Record<keyof PostgresOptions, Check> = {
  connectionString: [
    'a URL, postgres://user:password@host:5432/app_test',
    (value) => value === '' || /^postgres(ql)?:\/\//.test(String(value)),
  ],
  migrate: [
    `SQL, a function, { directory }, { fingerprint, migrate } or { directory, with, options }, with ${Object.keys(LIBRARIES).join(', ')}`,
    (value) =>
      isString(value) || typeof value === 'function' || isDirectory(value) || isNamed(value),
  ],
  allowDatabase: [
    'the name of a database, or an array of names',
    (value) => [value].flat().every(isString),
  ],
  max: [
    'a whole number of connections, 1 or more',
    (value) => Number.isInteger(value) && Number(value) > 0,
  ],
  sequences: ["'scattered'", (value) => value === 'scattered'],
  isolation: ["'rollback' or 'clone'", isIsolation],
  keepFailed: ['true or false', (value) => typeof value === 'boolean'],
};

/** @throws SetupError `ERR_SAVEPOINT_OPTIONS`, naming the option */
export function checkOptions(options: PostgresOptions): void {
  for (const [name, value] of Object.entries(options)) {
    if (!isOption(name)) {
      throw optionsError(
        `postgres() has no option "${name}". It has: ${Object.keys(CHECKS).join(', ')}.`,
      );
    }
    const [expected, holds] = CHECKS[name];
    // The value is not shown: it may hold a password.
    if (value !== undefined && !holds(value)) {
      throw optionsError(`The option "${name}" of postgres() must be ${expected}.`);
    }
  }
}

function isOption(name: string): name is keyof PostgresOptions {
  return Object.hasOwn(CHECKS, name);
}

/** Whether a value names a way to keep tests apart. */
export function isIsolation(value: unknown): value is Isolation {
  return value === 'rollback' || value === 'clone';
}

function isDirectory(value: unknown): boolean {
  const { directory, with: library, options, ...others } = Object(value) as Record<string, unknown>;
  if (!isString(directory) && !(directory instanceof URL)) return false;
  if (Object.keys(others).length > 0) return false;
  if (library === undefined) return options === undefined;
  const isOptions = ['undefined', 'object', 'function'].includes(typeof options);
  return isString(library) && Object.hasOwn(LIBRARIES, library) && isOptions;
}

function isNamed(value: unknown): boolean {
  const { fingerprint, migrate, ...others } = Object(value) as Record<string, unknown>;
  return isString(fingerprint) && typeof migrate === 'function' && Object.keys(others).length === 0;
}

function optionsError(message: string): SetupError {
  return new SetupError('ERR_SAVEPOINT_OPTIONS', message);
}
