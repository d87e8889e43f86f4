/**
 * Which database is meant, and is it one to test on. Asked before anything connects, of the options
 * as `pg` itself resolves them: connection string, fields, `PG*` variables, defaults.
 */
import pg from 'pg';
import { SetupError } from '../setup-error.ts';

/** A database on a server, without secrets. */
export interface Target {
  readonly user: string;
  readonly host: string;
  readonly port: number;
  readonly database: string;
}

/** Database names that the user says may be tested on, whatever they look like. */
export type AllowDatabase = string | readonly string[] | undefined;

/**
 * The database that a `pg.Client` or `pg.Pool` with these options connects to.
 * @throws SetupError `ERR_SAVEPOINT_CONNECTION_STRING` when the connection string is none
 */
export function targetOf(options: pg.ClientConfig): Target {
  return targetOfClient(clientWith(options));
}

/** The database that a client connects to. */
export function targetOfClient({ user, host, port, database }: pg.Client): Target {
  return { user: user ?? '', host, port, database: database ?? user ?? '' };
}

/** `user@host:port/database`, for messages. The user may be left to the server. */
export function describeTarget({ user, host, port, database }: Target): string {
  return `${user ? `${user}@` : ''}${host}:${String(port)}/${database}`;
}

/**
 * Refuses a database that does not look like one to test on.
 * @param allowDatabase names that are allowed all the same, each exactly as the server knows it
 * @returns the database that is meant
 * @throws SetupError `ERR_SAVEPOINT_NOT_A_TEST_DATABASE`, with the way to allow it
 */
export function assertTestDatabase(
  options: pg.ClientConfig,
  allowDatabase?: AllowDatabase,
): Target {
  const target = targetOf(options);
  if (looksLikeTestDatabase(target.database) || [allowDatabase].flat().includes(target.database)) {
    return target;
  }
  throw new SetupError(
    'ERR_SAVEPOINT_NOT_A_TEST_DATABASE',
    `${describeTarget(target)} does not look like a test database: no word of its name is ${TEST_WORDS.join(', ')}. ` +
      `Nothing was sent to it. If it is one, allow it by name: allowDatabase: ${JSON.stringify(target.database)}`,
  );
}

const TEST_WORDS = ['test', 'tests', 'testing', 'testdb', 'ci', 'spec', 'specs', 'e2e'];
/** savepoint's own databases. */
const OWN_PREFIX = 'savepoint_';

/** Whether a word of the name says that the database is for tests: `app_test`, `CI-2`, `myTests`. */
export function looksLikeTestDatabase(name: string): boolean {
  const words = name
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z0-9]+/);
  return (
    name.startsWith(OWN_PREFIX) ||
    words.some((word) => TEST_WORDS.some((test) => isWord(word, test)))
  );
}

/** `test`, also numbered as parallel runs do: `test2`. */
function isWord(word: string, test: string): boolean {
  return word.startsWith(test) && /^\d*$/.test(word.slice(test.length));
}

/**
 * A client with these options, which connects to nothing yet.
 * @throws SetupError `ERR_SAVEPOINT_CONNECTION_STRING` when the connection string is none
 */
export function clientWith(
  options: pg.ClientConfig,
  Client: new (options: pg.ClientConfig) => pg.Client = pg.Client,
): pg.Client {
  const { connectionString } = options;
  if (
    connectionString !== undefined &&
    !/^(postgres(ql)?:\/\/|socket:|\/)/.test(connectionString)
  ) {
    throw malformed('it does not begin with postgres://');
  }
  try {
    return new Client(options);
  } catch (error) {
    // The error of the parser holds the string, and with it the password; only its code is kept.
    throw malformed((error as NodeJS.ErrnoException).code ?? 'it cannot be parsed');
  }
}

function malformed(reason: string): SetupError {
  return new SetupError(
    'ERR_SAVEPOINT_CONNECTION_STRING',
    `The connection string is not one (${reason}). It looks like postgres://user:password@host:5432/app_test; ` +
      'characters such as @ : / # in a password are written as %40 %3A %2F %23.',
  );
}
