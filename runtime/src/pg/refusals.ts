/** The errors a sandbox gives of its own: what it refuses, and how it was lost. Words only. */
import { HazardError } from '../hazard-error.ts';
import { SetupError } from '../setup-error.ts';
import { formatPlace, type Trace } from '../trace.ts';
import type { LockHolder } from './lock-waits.ts';
import type { Question } from './question.ts';
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
    remedy: `Give this test a database of its own: ${statement} needs one, or belongs in the migrations. Nothing was sent.`,
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
export function waitedInVain(
  { owner }: Ownership,
  begun: Trace | undefined,
  millis: number,
): SetupError {
  const where = begun?.place ? ` (${formatPlace(begun.place)})` : '';
  return new SetupError(
    'ERR_SAVEPOINT_TRANSACTION_WAIT',
    `A statement of ${owner} waited ${String(millis / 1000)} s for a transaction${where} in which nothing happened. ` +
      'All clients of a sandbox share one connection, so one transaction waits for the other. ' +
      'Inside a transaction, use its own client for every statement; outside, end it with COMMIT or ROLLBACK.',
  );
}

/** Two tests that overlap cannot be told apart in one transaction. */
export function concurrentTests(open: string, beginning: string): SetupError {
  return new SetupError(
    'ERR_SAVEPOINT_CONCURRENT_TESTS',
    `${beginning} began while the sandbox of ${open} was still open. Tests that share a pool must run one after another here: ` +
      'leave out `concurrency` in this file, or give each test a pool of its own with `db.rollback(t)`.',
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
