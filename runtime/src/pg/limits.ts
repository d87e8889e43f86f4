/**
 * Where a sandbox is not what the app meets in production: what it refuses, what it notes, and what it
 * cannot see. `docs/guide/limits.md` is written from this table; a test holds it and the refusals equal.
 */
import type { HazardId } from '@savepoint/catalogue';

/** What the sandbox does about a limit. */
export const ANSWERS = {
  refuses: 'Refused by name: the statement is not sent, or had no effect',
  notes: 'Done, with a warning once per test',
  differs: 'Done, and different',
  'cannot see': 'Not seen, so not told',
} as const;

export interface Limit {
  readonly id: string;
  readonly what: string;
  readonly answer: keyof typeof ANSWERS;
  readonly hazard?: HazardId;
  /** The functions of `refusals.ts` that say so. */
  readonly saidBy?: readonly string[];
  /** What to do instead: a sentence without a full stop. */
  readonly instead: string;
}

const OWN_DATABASE = 'give the test a database of its own, `db.clone(t)`';

export const LIMITS = [
  {
    id: 'stronger-isolation',
    what: 'A transaction at a stronger isolation level than the test’s own has, asked for by BEGIN, SET TRANSACTION or `default_transaction_isolation`',
    answer: 'refuses',
    hazard: 'no-sandboxed-concurrency-test',
    saidBy: ['refusedConcurrency'],
    instead:
      'make the level the default of the test database, which the sandbox then begins with: `alter database … set default_transaction_isolation`',
  },
  {
    id: 'weaker-isolation',
    what: 'A transaction at a weaker level gets that of the sandbox, while `SHOW transaction_isolation` says what was asked for',
    answer: 'notes',
    hazard: 'no-sandboxed-concurrency-test',
    saidBy: ['grantedStronger'],
    instead: OWN_DATABASE,
  },
  {
    id: 'deferrable',
    what: 'DEFERRABLE where it has an effect: SERIALIZABLE and READ ONLY. Elsewhere it is accepted',
    answer: 'refuses',
    hazard: 'no-sandboxed-concurrency-test',
    saidBy: ['refusedConcurrency'],
    instead: OWN_DATABASE,
  },
  {
    id: 'modes-by-other-names',
    what: 'An isolation level or DEFERRABLE that differs from the sandbox’s own is shown by SHOW only: `current_setting(…)` and `pg_settings` that name it, and SHOW through a cursor, are refused',
    answer: 'refuses',
    hazard: 'no-sandboxed-concurrency-test',
    saidBy: ['refusedConcurrency'],
    instead: 'ask for it with `SHOW`',
  },
  {
    id: 'modes-in-lists',
    what: 'SHOW ALL and `pg_settings` as a whole list the modes of the sandbox’s transaction instead of the app’s',
    answer: 'differs',
    instead: 'ask for one mode with `SHOW`',
  },
  {
    id: 'snapshots',
    what: '`pg_export_snapshot()` and SET TRANSACTION SNAPSHOT',
    answer: 'refuses',
    hazard: 'no-sandboxed-concurrency-test',
    saidBy: ['refusedConcurrency'],
    instead: OWN_DATABASE,
  },
  {
    id: 'shared-session',
    what: 'What the server keeps by session and cannot keep apart for two clients of a sandbox: names of prepared statements and cursors that both use, DISCARD, session locks that both want, `pg_listening_channels()` after LISTEN, settings whose names a statement computes',
    answer: 'refuses',
    hazard: 'no-sandboxed-concurrency-test',
    saidBy: ['refusedSession'],
    instead: OWN_DATABASE,
  },
  {
    id: 'own-parameters',
    what: 'A parameter of the app’s own, such as `app.user`, that was never set is empty where a new connection has none',
    answer: 'differs',
    instead: "read it with `nullif(current_setting(…, true), '')`, as pooled connections need, too",
  },
  {
    id: 'idle-time-outs',
    what: '`idle_in_transaction_session_timeout` and `transaction_timeout` are off: a sandbox is idle in transaction while its test thinks',
    answer: 'differs',
    instead: OWN_DATABASE,
  },
  {
    id: 'own-time-outs',
    what: '`lock_timeout` is 10 s and `client_connection_check_interval` 1 s where nobody has set them, so that a wait for another test ends, and the server lets go of what a killed run held',
    answer: 'differs',
    instead: 'set them for the test database, its role or the pool: what is set is kept',
  },
  {
    id: 'application-name',
    what: 'Where the app has set no `application_name`, its connections are called after savepoint, the test file and the process, so that others can say whom they wait for',
    answer: 'differs',
    instead: 'set `application_name` on the pool',
  },
  {
    id: 'left-in-session',
    what: 'A client that goes back to its pool with settings, channels, temporary objects or session locks',
    answer: 'notes',
    hazard: 'no-dirty-release',
    saidBy: ['keptBySession'],
    instead: 'undo them before `release()`',
  },
  {
    id: 'read-only-by-default',
    what: 'Transactions that are READ ONLY by default, by `default_transaction_read_only` set in the test or in the options of a second pool on the same database',
    answer: 'refuses',
    hazard: 'no-sandboxed-concurrency-test',
    saidBy: ['refusedConcurrency'],
    instead: 'say BEGIN READ ONLY, or make it the default of the test database or of its only pool',
  },
  {
    id: 'options-of-several-pools',
    what: 'Of several pools on one database, what the options of the first say holds also for those whose options do not name that parameter',
    answer: 'differs',
    instead: 'name it in the options of each',
  },
  {
    id: 'one-server-process',
    what: 'All clients of a sandbox have one `pg_backend_pid()` and one `processID`, which is also that of every notification: who leaves out his own messages by it leaves out all',
    answer: 'differs',
    instead: 'send the name of the sender in the message',
  },
  {
    id: 'locks-of-transactions',
    what: 'An advisory lock of a transaction is free for the other clients of the test after its COMMIT, and for other processes when the test ends',
    answer: 'differs',
    instead: 'use keys of the test’s own',
  },
  {
    id: 'session-inside-functions',
    what: 'What functions, triggers and DO blocks do to the session (settings, advisory locks, temporary tables) is not kept apart for the clients of a sandbox; nor are `currval()`, `lastval()` and `setseed()`',
    answer: 'cannot see',
    instead: OWN_DATABASE,
  },
  {
    id: 'notifications-from-outside',
    what: 'Notifications from other processes and from connections outside of the sandbox do not arrive in it, nor those of the sandbox there',
    answer: 'cannot see',
    instead: 'listen and notify through pools of the same test',
  },
  {
    id: 'hidden-tables',
    what: 'While another client is served, a temporary table is in the catalogs under a name that begins with `_savepoint_`; one whose own name is longer than 48 bytes is seen by all clients',
    answer: 'differs',
    instead: 'ask for temporary tables by name, and not in the catalogs',
  },
  {
    id: 'held-cursors',
    what: 'A cursor WITH HOLD is, after COMMIT, one over the rows that COMMIT read: its fields name no table, and WHERE CURRENT OF fails in other words. These rows go through the process of the test and back, which takes seconds for a hundred thousand',
    answer: 'differs',
    instead: 'take its rows by name, as any query’s',
  },
  {
    id: 'reading-cursors',
    what: 'TRUNCATE, ALTER TABLE and DROP TABLE of what a cursor WITH HOLD still reads after COMMIT. Rows stay where they are, with their errors, until they are fetched: records and others that no text says, and those of a cursor that cannot go back, when the answers to FETCH and MOVE did not tell how far it was read. COMMIT itself is refused over values that are not read as they are written',
    answer: 'refuses',
    hazard: 'no-non-transactional-ddl',
    saidBy: ['refusedByServer'],
    instead: 'close the cursor first, or name its columns one by one',
  },
  {
    id: 'lists-of-statements',
    what: '`pg_prepared_statements`, `pg_cursors` and `pg_stat_activity` list what all clients of a sandbox said, and the sandbox itself; a text of several statements in parts, where it holds BEGIN, COMMIT or their like',
    answer: 'differs',
    instead: 'ask for a statement by its name',
  },
  {
    id: 'notifications-of-functions',
    what: 'NOTIFY from triggers and functions never arrives. One that the app says does, at the app’s COMMIT',
    answer: 'notes',
    hazard: 'no-sandboxed-concurrency-test',
    saidBy: ['unheardNotifications'],
    instead: OWN_DATABASE,
  },
  {
    id: 'outside-transactions',
    what: 'Statements that run outside of transactions only: PREPARE TRANSACTION, COMMIT PREPARED, CREATE and DROP DATABASE or TABLESPACE, VACUUM, CLUSTER and REINDEX of everything, `CONCURRENTLY`, ALTER SYSTEM, DISCARD ALL, subscriptions',
    answer: 'refuses',
    hazard: 'no-non-transactional-ddl',
    saidBy: ['refusedStatement'],
    instead: 'do it in the migrations, or give the test a database of its own, `db.clone(t)`',
  },
  {
    id: 'commit-in-procedures',
    what: 'COMMIT and ROLLBACK inside a procedure or a DO block',
    answer: 'refuses',
    hazard: 'no-non-transactional-ddl',
    saidBy: ['refusedByServer'],
    instead: OWN_DATABASE,
  },
  {
    id: 'new-enum-values',
    what: 'The use of a value that ALTER TYPE … ADD VALUE added earlier in the test',
    answer: 'refuses',
    hazard: 'no-non-transactional-ddl',
    saidBy: ['refusedByServer'],
    instead: 'add the value in the migrations',
  },
  {
    id: 'clock',
    what: '`now()`, `CURRENT_TIMESTAMP` and the ids of transactions are the same in all transactions of a test. Seen in the text of a statement only, not in column defaults, functions and views',
    answer: 'notes',
    hazard: 'no-frozen-now',
    saidBy: ['sameInAllTransactions'],
    instead: 'use `clock_timestamp()`, or take the time from the app',
  },
  {
    id: 'deferred-checks',
    what: 'Deferred constraints and triggers do their work at the app’s COMMIT, as on the server; a COMMIT that fails on them is told, too',
    answer: 'notes',
    hazard: 'require-deferred-check',
    saidBy: ['failedAtCommit'],
    instead: 'put right what the error names before COMMIT',
  },
  {
    id: 'escape',
    what: 'A statement that ends the transaction around the test after all fails the test at that statement',
    answer: 'refuses',
    hazard: 'no-nested-begin',
    saidBy: ['escaped'],
    instead: 'send BEGIN, COMMIT and ROLLBACK as statements',
  },
  {
    id: 'waits',
    what: 'Transactions of a sandbox run one after another: what asks outside of an open one waits for it. Code inside the transaction is told at once (`no-nested-checkout`), unless a timer of up to a second or a request that it began may still bring it on. Code that has lost the asynchronous context of the transaction, as behind a queue or worker that others started, is told when the process has had nothing to do for five seconds, after a minute at most',
    answer: 'refuses',
    saidBy: ['waitedInVain'],
    instead: 'use the transaction’s own client inside it',
  },
  {
    id: 'locks-until-the-end',
    what: 'DDL, TRUNCATE and unique keys hold their locks until the test ends, so that a test in another process may wait for them. Who waits is told who holds them',
    answer: 'differs',
    hazard: 'no-unbounded-wait',
    saidBy: ['waitedForLock'],
    instead: 'use data of the test’s own; do DDL in the migrations; DELETE instead of TRUNCATE',
  },
  {
    id: 'locks-between-clients',
    what: 'Row and table locks never conflict between clients of one sandbox: SKIP LOCKED skips nothing, NOWAIT never fails, and no transaction fails to serialize',
    answer: 'cannot see',
    hazard: 'no-sandboxed-concurrency-test',
    instead: OWN_DATABASE,
  },
  {
    id: 'sequences',
    what: 'Sequences go on counting, as they do after any ROLLBACK, so ids differ from run to run',
    answer: 'differs',
    instead: 'assert on the id that was returned',
  },
  {
    id: 'inside-functions',
    what: 'SET LOCAL, `set_config(…, true)`, cursors and ON COMMIT tables made inside functions last beyond the app’s COMMIT, until the test ends. Said in statements they end with it',
    answer: 'cannot see',
    instead: OWN_DATABASE,
  },
  {
    id: 'string-rules',
    what: 'With `standard_conforming_strings` off the server reads texts by other rules than the sandbox, which may take a statement for another. A COMMIT that it did not see is an escape',
    answer: 'cannot see',
    instead: 'leave the parameter on, as it is by default',
  },
  {
    id: 'control-through-streams',
    what: 'BEGIN, COMMIT and their like through a cursor or a stream',
    answer: 'refuses',
    saidBy: ['controlThroughSubmittable'],
    instead: 'use `client.query(…)`',
  },
  {
    id: 'reserved-names',
    what: 'Savepoints whose names begin with `_savepoint_`',
    answer: 'refuses',
    saidBy: ['reservedName'],
    instead: 'take another name',
  },
  {
    id: 'several-users',
    what: 'Pools of different users, servers or databases behind one sandbox',
    answer: 'refuses',
    saidBy: ['otherUser'],
    instead: 'give each a sandbox of its own',
  },
  {
    id: 'standby',
    what: 'A server that is a standby, which shows what its primary has committed, for a pool of the app as for `postgres()` (`ERR_SAVEPOINT_STANDBY`)',
    answer: 'refuses',
    saidBy: ['standby'],
    instead:
      'let the reading pool lead to the primary in tests; `rollbackEach([writer, reader])` puts one sandbox behind the two',
  },
] as const satisfies readonly Limit[];

export type LimitId = (typeof LIMITS)[number]['id'];

/** What `refusals.ts` says that is no limit but an end: of a test, or of its connection. */
export const NO_LIMITS = ['unfinished', 'connectionLost', 'afterItsTest', 'endedWaiting'] as const;

/** The page of the guide. */
export function limitsPage(): string {
  const sections = Object.entries(ANSWERS).map(([answer, title]) => {
    const lines = (LIMITS as readonly Limit[])
      .filter((limit) => limit.answer === answer)
      .map(
        ({ id, what, hazard, instead }) =>
          `- <a id="${id}"></a>${what}.${hazard ? ` [\`${hazard}\`](../rules/${hazard}.md)` : ''} Instead: ${instead}.`,
      );
    return `## ${title}\n\n${lines.join('\n')}`;
  });
  const intro =
    'A rollback sandbox is one connection with one transaction, in which the transactions of the app are savepoints. ' +
    'What an app says is answered as PostgreSQL answers it, with these exceptions. “A database of its own” is a copy of the migrated database that only this test uses, with an ordinary pool: `db.clone(t)` instead of `db.rollback(t)`, or the option `isolation: "clone"`.';
  return ['# What a PostgreSQL sandbox cannot do', intro, ...sections].join('\n\n') + '\n';
}
