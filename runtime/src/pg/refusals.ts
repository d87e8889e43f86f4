/** The errors a sandbox gives of its own: what it refuses, and how it was lost. Words only. */
import { HazardError } from '../hazard-error.ts';
import { SetupError } from '../setup-error.ts';
import { formatPlace, type Trace } from '../trace.ts';
import type { LockHolder } from './lock-waits.ts';
import type { Question } from './question.ts';
import type { Modes } from './modes-in-force.ts';
import type { Source } from './sources.ts';
import { describeTarget } from './test-database.ts';
import { RESERVED_PREFIX } from './app-transaction.ts';

/** Whose sandbox it is. */
export interface Ownership {
  /** As messages call him: `test "x"`. */
  readonly owner: string;
  readonly opened: Trace;
}

/** @param wanted what one connection cannot give */
export function refusedConcurrency(
  { owner, opened }: Ownership,
  question: Question,
  wanted: string,
): HazardError {
  return new HazardError('no-sandboxed-concurrency-test', {
    values: { test: owner, wanted },
    acquired: opened,
    used: question.asked(),
  });
}

/**
 * @param wanted what only a connection of its own has
 * @param remedy said instead of the entry's own
 */
export function refusedSession(
  { owner, opened }: Ownership,
  question: Question,
  wanted: string,
): HazardError {
  return new HazardError('no-sandboxed-concurrency-test', {
    happened: `${owner} asked its sandbox for ${wanted}: to the server, all clients of a sandbox are one.`,
    acquired: opened,
    used: question.asked(),
  });
}

/** @param left what a client kept when it went back to its pool, as messages say it */
export function keptBySession(
  { owner, opened }: Ownership,
  asked: () => Trace,
  left: readonly string[],
): HazardError {
  return new HazardError('no-dirty-release', {
    happened: `${owner} gave a client back to the pool with ${left.join(', ')}. The next borrower has it, too.`,
    acquired: opened,
    used: asked(),
    remedy:
      'Undo it before `release()`: RESET, UNLISTEN, unlock, DROP; or use SET LOCAL, locks and tables of the transaction; or throw the connection away with `client.release(true)`.',
  });
}

/** @param functions that notify when they are called, by name */
export function unheardNotifications(
  { owner, opened }: Ownership,
  asked: () => Trace,
  functions: readonly string[],
): HazardError {
  return new HazardError('no-sandboxed-concurrency-test', {
    happened: `${owner} listens, and functions of the database notify (${functions.join(', ')}): what they send at COMMIT never arrives in a sandbox.`,
    acquired: opened,
    used: asked(),
  });
}

/** @param statement a command that cannot be undone, or not run in a transaction */
export function refusedStatement(
  { owner, opened }: Ownership,
  question: Question,
  statement: string,
): HazardError {
  return new HazardError('no-non-transactional-ddl', {
    values: { test: owner, statement },
    acquired: opened,
    used: question.asked(),
    remedy: `Give this test a database of its own, \`db.clone(t)\`: ${statement} needs one, or belongs in the migrations. Nothing was sent.`,
  });
}

/**
 * What the server would not do in a sandbox, although it would have done it outside of one.
 * @param cause its error; the statement had no effect
 */
export function refusedByServer(
  { owner, opened }: Ownership,
  question: Question,
  statement: string,
  cause: Error,
): HazardError {
  return new HazardError('no-non-transactional-ddl', {
    values: { test: owner, statement },
    acquired: opened,
    used: question.asked(),
    remedy: `Give this test a database of its own, \`db.clone(t)\`: ${statement} needs one, or belongs in the migrations. It had no effect.`,
    cause,
  });
}

/** A transaction got a stronger isolation level than it asked for. @param asked the mode, in words */
export function grantedStronger(
  { owner, opened, modes }: Ownership & { readonly modes: Modes },
  question: Question,
  asked: string,
): HazardError {
  return new HazardError('no-sandboxed-concurrency-test', {
    happened: `${owner} asked its sandbox for a transaction ${asked} and got the sandbox’s own: ${modes.isolation.toUpperCase()}.`,
    acquired: opened,
    used: question.asked(),
  });
}

/** COMMIT failed on what is checked then. */
export function failedAtCommit(
  { owner, opened }: Ownership,
  question: Question,
  cause: Error,
): HazardError {
  return new HazardError('require-deferred-check', {
    values: { test: owner, error: cause.message },
    acquired: opened,
    used: question.asked(),
    cause,
  });
}

/** @param what tells no two transactions of a sandbox apart */
export function sameInAllTransactions(
  { owner, opened }: Ownership,
  question: Question,
  what: string,
): HazardError {
  return new HazardError('no-frozen-now', {
    values: { test: owner, what },
    acquired: opened,
    used: question.asked(),
  });
}

/** The transaction around the test is gone. */
export function escaped(
  { owner, opened }: Ownership,
  question: Question,
  cause: Error | undefined,
): HazardError {
  return new HazardError('no-nested-begin', {
    values: { test: owner, statement: oneLine(question.text ?? 'a statement without a text') },
    acquired: opened,
    used: question.asked(),
    cause,
  });
}

/**
 * A statement was not done when its test was.
 * @param holders who held the lock it waited for
 */
export function unfinished(
  { owner, opened }: Ownership,
  asked: () => Trace,
  holders: readonly LockHolder[] = [],
): HazardError {
  const lock = holders.length > 0 ? `, for a lock ${heldBy(holders)}` : '';
  return new HazardError('no-late-activity', {
    happened: `A statement was still waiting for the database when ${owner} ended${lock}.`,
    acquired: opened,
    used: asked(),
    ...(lock ? { remedy: OWN_DATA } : {}),
  });
}

/**
 * A statement waited for a lock, long or in vain.
 * @param cause what the server ended the wait with, once it has
 */
export function waitedForLock(
  { owner, opened }: Ownership,
  asked: () => Trace,
  holders: readonly LockHolder[],
  cause: Error | undefined,
): HazardError {
  return new HazardError('no-unbounded-wait', {
    values: { test: owner, wanted: 'a lock', holder: heldBy(holders) },
    acquired: opened,
    used: asked(),
    remedy: OWN_DATA,
    cause,
  });
}

const OWN_DATA =
  'A test keeps its locks until it ends, also those of a unique key it inserted. Give tests that run at the same time keys and rows of their own, ' +
  'lock in the same order everywhere, or run these tests one after another.';

function heldBy(holders: readonly LockHolder[]): string {
  const names = [...new Set(holders.map(({ name }) => name))];
  return `which ${names.join(' and ')} ${names.length === 1 ? 'holds' : 'hold'}`;
}

/** @param reason the server's, where it gave one */
export function connectionLost({ owner }: Ownership, reason: Error): SetupError {
  const said = `The database connection of ${owner} was lost: ${reason.message}`;
  return new SetupError('ERR_SAVEPOINT_CONNECTION_LOST', said, { cause: reason });
}

/** @param begun where the transaction began that is waited for */
export function waitedInVain({ owner }: Ownership, begun: Trace | undefined): SetupError {
  const where = begun?.place ? ` (${formatPlace(begun.place)})` : '';
  return new SetupError(
    'ERR_SAVEPOINT_TRANSACTION_WAIT',
    `A statement of ${owner} waited for a transaction${where} in which nothing happened any more. ` +
      'All clients of a sandbox share one connection, so one transaction waits for the other. ' +
      'Inside a transaction, use its own client for every statement; outside, end it with COMMIT or ROLLBACK.',
  );
}

/**
 * Work of a test that is over.
 * @param timedOut whether node:test stopped waiting for it
 */
export function afterItsTest(
  { owner, opened }: Ownership,
  asked: Trace,
  timedOut: boolean,
): HazardError {
  return new HazardError(timedOut ? 'no-zombie-test' : 'no-late-activity', {
    values: { test: owner, noun: 'pool' },
    acquired: opened,
    used: asked,
  });
}

/** A test was over before it had its turn. @param owner `test "x"` */
export function endedWaiting(owner: string): HazardError {
  return new HazardError('no-late-activity', {
    happened: `${owner} ended while its first query was still waiting for a connection that other tests use.`,
    remedy:
      'Await every query in the test. If it ran into its time-out, fewer tests at the same time leave it more: lower `concurrency`, or raise `max` of the pool.',
  });
}

/** Two pools of one database whose users have different rights. */
export function otherUser(owner: string, open: Source, asked: Source): SetupError {
  const [has, wants] = [open, asked].map(({ target }) => target && describeTarget(target));
  return new SetupError(
    'ERR_SAVEPOINT_OTHER_USER',
    `${owner} has a sandbox on ${String(has)}, and asked a pool that connects as another user (${String(wants)}); nothing was sent. ` +
      'On a connection of its own this user would see nothing of the sandbox; on the same one it would have the other user’s rights. ' +
      'Give both pools one user in tests, or use `{ database }` of rollbackEach(), or give this test a database of its own: `db.clone(t)`.',
  );
}

export function reservedName(): SetupError {
  return new SetupError(
    'ERR_SAVEPOINT_RESERVED_NAME',
    `savepoint names that begin with ${RESERVED_PREFIX} are savepoint's own`,
  );
}

/** A cursor or a stream hears the server's own messages, which a translated statement has not. */
export function controlThroughSubmittable(): SetupError {
  return new SetupError(
    'ERR_SAVEPOINT_UNSUPPORTED',
    'a transaction statement through a cursor or a stream is not supported in a sandbox; use client.query(…)',
  );
}

/** A statement as messages show it. */
export function oneLine(sql: string): string {
  const line = sql.replace(/\s+/g, ' ').trim();
  return line.length > 120 ? `${line.slice(0, 119)}…` : line;
}
