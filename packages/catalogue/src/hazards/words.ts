/** What errors say of each hazard. Generated from the entries. */
import type { HazardId } from '../catalogue.ts';
import type { Words } from '../words.ts';

export const WORDS: Readonly<Record<HazardId, Words>> = {
  'require-client-release': {
    says: 'A client was still checked out when {{test}} ended.',
    remedy:
      'Release the client in `finally`, or hand it to the test when it is taken: `t.after(() => client.release())`.',
  },
  'no-inline-teardown': {
    says: '{{test}} failed and left its {{noun}} open.',
    remedy:
      'Register the release when the resource is made: `t.after(() => server.close())`, `finally`, `await using`, or `use(t, acquire)` of `savepoint`, which also waits for it.',
  },
  'no-shared-truncate': {
    says: 'Undo what a test wrote instead of emptying tables that others use',
    remedy:
      'Let nothing stay that has to be removed: `db.rollback(t)` of `savepoint/pg` undoes what a test wrote, at the same time for any number of files. Where commits are needed, give the test a database of its own with `db.clone(t)`; in Redis, a prefix or database number for each process.',
  },
  'no-concurrent-migrations': {
    says: '{{test}} changed the shared schema: {{statement}}',
    remedy:
      'Give the migration to savepoint: `postgres({ migrate })` of `savepoint/pg` runs it once per fingerprint, under a lock held in the server, for any number of processes. By hand: migrate in a step before the tests, in `--test-global-setup` (Node 24 and later), or under `pg_advisory_lock`.',
  },
  'no-per-test-pool': {
    says: 'A pool was made for {{test}} alone; connections it opened: {{connections}}.',
    remedy:
      'Make the pool once per file or process and isolate tests by transaction: `db.rollback(t)` of `savepoint/pg`, or `rollbackEach(pool)` for a pool of the app. If a test does need a pool of its own, give it `max: 1` and end it in `t.after`.',
  },
  'require-pool-budget': {
    says: '{{asked}}: {{words}}. That is {{share}} for each.',
    remedy:
      'Make processes × pools × `max` fit `max_connections`: `max: 2` for pools in tests, fewer processes with `--test-concurrency`, or a server that takes more. `postgres()` of `savepoint/pg` keeps within the share of its process by itself: what does not fit waits.',
  },
  'require-awaited-teardown': {
    says: '{{test}} ended while the release of its {{noun}} was still under way.',
    remedy:
      'Return or await it: `after(() => pool.end())`, `after(async () => { await pool.end(); })`; for a callback, `new Promise((resolve) => server.close(resolve))`. `use(t, acquire)` of `savepoint` waits by itself.',
  },
  'no-late-activity': {
    says: '{{test}} had ended when work that it started still used the {{noun}}.',
    remedy:
      'Await it in the test; give background work of the app a way to finish or stop, and call that before the database is released: `t.after(() => worker.stop())`. `client(t, app)` of `savepoint/http` waits for what a handler hands to `waitUntil`.',
  },
  'no-swallowed-sql-error': {
    says: '{{test}} went on in a transaction in which a statement had failed: {{error}}',
    remedy:
      'Roll back and begin anew; or set a SAVEPOINT before the statement that may fail and ROLLBACK TO it; or let the statement not fail: `insert … on conflict do nothing`.',
  },
  'no-dirty-release': {
    says: 'A client went back to the pool inside the transaction that began at {{begun}}. The next borrower is inside it, too.',
    remedy:
      'COMMIT or ROLLBACK on every path before `release()`; where that failed, `client.release(true)` throws the connection away.',
  },
  'no-cross-connection-read': {
    says: '{{test}} opened a connection to {{database}} beside its sandbox, which sees nothing of what the test has written and waits for its locks.',
    remedy:
      'Give the code the pool of the sandbox, or capture its own: `rollbackEach([writer, reader])` puts one sandbox behind both, `--import savepoint/rollback` behind all. A test that needs a real second connection, or another process, needs a database of its own: `db.clone(t)`.',
  },
  'require-pool-end': {
    says: 'A {{noun}} was still open when all tests had ended; nobody ended it.',
    remedy:
      'End it in the scope that opened it: `after(() => pool.end())` next to `new Pool(…)`, or let savepoint own it: `postgres(…)` from `savepoint/pg` opens at first use and ends last.',
  },
  'no-nested-checkout': {
    says: '{{test}} asked the pool inside its own open transaction, which began at {{begun}}. Nothing was sent.',
    remedy:
      'Hand the client (or `tx`) down and use it for every statement of the transaction; what must not be a part of it belongs before BEGIN or after COMMIT.',
  },
  'no-unbounded-wait': {
    says: '{{test}} waited for {{wanted}}, {{holder}}.',
    remedy:
      'Find who holds what is waited for, and let go of it on every path. So that the next wait ends by itself, set `connectionTimeoutMillis` on the pool, `lock_timeout` or `statement_timeout` on the connection, and a `timeout` on the test or suite.',
  },
  'no-pool-query-transaction': {
    says: '{{test}} began a transaction through pool.query(…), which may use another connection for each statement. Nothing was sent.',
    remedy:
      'Take one client for the whole transaction: `const client = await pool.connect()`, then BEGIN, the statements and COMMIT through `client.query`, and `client.release()` in `finally`.',
  },
  'no-split-undici': {
    says: 'Take the mock and the request from one undici',
    remedy:
      'Ask with the `fetch` of the same package, `import { fetch, MockAgent, setGlobalDispatcher } from "undici"`, or give the app its `fetch` or dispatcher. Where the app must use Node’s own, keep undici current, and let one request that must fail prove that the mock is met.',
  },
  'no-unrestored-dispatcher': {
    says: '{{test}} left the global dispatcher replaced by {{dispatcher}}.',
    remedy:
      'Save and restore it: `const previous = getGlobalDispatcher(); t.after(() => setGlobalDispatcher(previous));` before installing the mock, and close the mock after that. Better, where the code allows it: pass `{ dispatcher }` to the request and install nothing.',
  },
  'no-use-after-end': {
    says: '{{test}} used a {{noun}} that was already ended.',
    remedy:
      'End it where it was opened, once and last: a pool of the file in `after`, not in `afterEach` and not in a file that only imported it. `postgres(…)` of `savepoint/pg` ends its pool by itself.',
  },
  'no-fragile-teardown': {
    says: 'A pool was ended while clients of it were still checked out: {{clients}}.',
    remedy:
      'Release dependents first, in one hook: `after(async () => { client.release(); await pool.end(); })`. Or acquire with `use(t, acquire)` of `savepoint`: last in first out, all of them, even when one throws.',
  },
  'no-late-registration': {
    says: 'Register the release before anything else can fail',
    remedy:
      'Register the release in the line behind the acquisition: `const pool = new Pool(…); t.after(() => pool.end());`, or do both at once: `const pool = await use(t, () => new Pool(…))` with `use` of `savepoint`.',
  },
  'no-shared-let-in-concurrent-suite': {
    says: 'Give each concurrent test its own fixture',
    remedy:
      'Make the fixture inside the test, by a function that takes its context: `const db = await openDatabase(t)`, released with `t.after`. Or leave out `concurrency`.',
  },
  'require-pool-error-listener': {
    says: 'A {{noun}} without a listener for `error` lost its connection {{when}}: {{reason}}. Node throws that as an uncaught exception.',
    remedy:
      "Give every pool a listener, `pool.on('error', (error) => …)`, and every client that is held for long; end a pool before its database is dropped or its server stopped.",
  },
  'no-import-side-effects': {
    says: 'Let the app be imported without starting it',
    remedy:
      'Export a function that makes the app from what it is given, `createApp({ pool })`, and leave listening and the environment to an entry file that no test imports. Where a variable must be set before an import, set it outside: `--env-file`, or `--import` of a set-up file.',
  },
  'no-concurrent-client-queries': {
    says: '{{test}} asked a client for a statement while an earlier one of the same client was not answered.',
    remedy:
      'Await in order what runs on one client: `for (const row of rows) await client.query(…)`, or one statement for all rows. Outside of a transaction, `pool.query` runs side by side.',
  },
  'no-unrestored-process-state': {
    says: '{{test}} left {{changed}} changed.',
    remedy:
      'Set them through savepoint, which puts them back when the test ends: `setEnv(t, { NAME: "value" })`, `chdir(t, directory)` of `savepoint/process`. By hand: save the old value and restore it in `t.after`. Better still, pass the value or an absolute path to the code instead.',
  },
  'no-undefined-env-restore': {
    says: "{{test}} left the string 'undefined' in {{name}}, which was not set before.",
    remedy:
      'Delete it when it was not set: `if (previous === undefined) delete process.env.X; else process.env.X = previous;`. `setEnv(t, { X: undefined })` of `savepoint/process` does both, the unsetting and the way back.',
  },
  'no-unrestored-global': {
    says: 'Put back what a test replaces of the globals',
    remedy:
      'Let the test replace it: `t.mock.method(Date, "now", () => 0)`, `t.mock.method(globalThis, "fetch", stub)`, which node:test undoes when the test ends. By hand: save the original and put it back in `t.after`. Better still, pass the clock, the logger or `fetch` to the code.',
  },
  'no-fixed-port': {
    says: '{{test}} listens on port {{port}}, which it asked for by number.',
    remedy:
      'Listen on port 0 and read the port back: `server.listen(0)`, `server.address().port`. Or use no port: `client(t, app)` of `savepoint/http` and `app.request()` of Hono call the app in process.',
  },
  'no-shared-sqlite-file': {
    says: '{{test}} asks for {{file}}, which is in use.',
    remedy:
      'Use `sqlite()` of `savepoint/sqlite` without `file`: each test that runs at the same time has a database in memory of its own, made in microseconds. A file is for one process, and one test after another.',
  },
  'no-half-built-teardown': {
    says: 'Tear down what a failed set-up may not have made',
    remedy:
      'Release with `?.`: `after(() => pool?.end())`. Better, register the release where the resource is made: `t.after(() => pool.end())`, or `use(t, acquire)` of `savepoint`.',
  },
  'no-unclosed-server': {
    says: 'A {{noun}} still listened when all tests had ended; nobody closed it.',
    remedy:
      'Close it where it is opened: `t.after(() => new Promise((resolve) => server.close(resolve)))`, or `listen(t, app)` of `savepoint/http`, which does that. Without a port there is nothing to close: `app.request()` of Hono, `app.inject()` of Fastify. Close an agent too: `t.after(() => agent.close())`.',
  },
  'no-test-order-dependence': {
    says: 'Let every test make what it needs',
    remedy:
      'Set up in `before` or `beforeEach`, or call a helper in each test that needs it, `const user = await createUser(t)`. Steps that only make sense in a row are one test with subtests.',
  },
  'no-zombie-test': {
    says: '{{test}} had timed out when its body, still running, used the {{noun}}.',
    remedy:
      'Hand `t.signal` to what the test waits for (`fetch(url, { signal: t.signal })`, `once(emitter, event, { signal: t.signal })`), and ask `t.signal.aborted` in loops. Then find out what it waited for.',
  },
  'no-force-exit': {
    says: 'Let the process end by itself',
    remedy:
      'Find what is left and release it where it was made; `--import savepoint/watch` names it, with the line that opened it. When the exit code itself is under test, run that code in a process of its own.',
  },
  'no-global-mock': {
    says: 'Mock through the test’s own context',
    remedy:
      'Take `mock` from the test’s context: `t.mock.method(console, "log", …)`, `t.mock.timers.enable(…)`. For a mock that all tests of a suite share: `after(() => mock.reset())`.',
  },
  'no-lost-async-context': {
    says: 'Asynchronous context of {{test}} was lost.',
    remedy:
      'Use promises instead of callbacks: `await pool.query(…)` goes on in the context it was asked in; or bind the callback, `AsyncResource.bind(callback)`. Instead of a hook, let a function of the test enter the store: `store.run(value, () => …)`.',
  },
  'no-mock-timers-over-io': {
    says: 'Keep mocked timers away from pools',
    remedy:
      'Mock the clock alone, `t.mock.timers.enable({ apis: ["Date"] })`. Where a test has to tick `setTimeout`, ask the database before the timers are mocked or after `t.mock.timers.reset()`.',
  },
  'no-nested-begin': {
    says: 'A statement ended the transaction of {{test}}: {{statement}}',
    remedy:
      'Send BEGIN, COMMIT and ROLLBACK as statements, through the pool or handle that `db.rollback(t)` gives; they become savepoints. What has to commit for real belongs on a database of its own: `db.clone(t)`.',
  },
  'no-root-hook-with-isolation-none': {
    says: 'Give hooks a suite when files share a process',
    remedy:
      'Put the tests of a file and their hooks into one `describe`, and let the module that opens a shared resource release it. Suites that use a database are better off with a process per file, which is the default.',
  },
  'no-sandboxed-concurrency-test': {
    says: '{{test}} asked its sandbox for {{wanted}}, which needs a transaction of its own.',
    remedy:
      'Give this test a database of its own, where clients are connections: `db.clone(t)`, or `db.rollback(t, { isolation: "clone" })`. If the whole app runs at that level, make it the default of the test database: `alter database … set default_transaction_isolation`.',
  },
  'require-deferred-check': {
    says: 'COMMIT failed in {{test}}, on what is checked only then: {{error}}',
    remedy:
      'Put right what the error names before COMMIT, and let the code that commits handle an error of COMMIT as one of the transaction: nothing of it is saved. `set constraints all immediate` at the end of the transaction raises the error one statement earlier.',
  },
  'no-hardcoded-id': {
    says: '{{test}} expected {{expected}} where sequence {{sequence}} gave {{actual}} (repeat with SAVEPOINT_SEED={{seed}} on a fresh database).',
    remedy:
      'Use the id that the insert answers: `returning id`, or the body of the response. Find a row by something that the test chose, such as a name.',
  },
  'no-frozen-now': {
    says: 'All transactions in the sandbox of {{test}} have the same {{what}}.',
    remedy:
      'Take the time from `clock_timestamp()` or from the app, and break ties by id. A test that is about the passing of time or the ids of transactions needs a database of its own: `db.clone(t)`.',
  },
  'no-async-sqlite-transaction': {
    says: 'A transaction function in {{test}} returned a promise.',
    remedy:
      'Do what has to be awaited before the transaction, and give `db.transaction` a synchronous function.',
  },
  'no-schema-churn-on-live-pool': {
    says: '{{test}} met a connection that remembers another schema: {{reason}}; {{before}}.',
    remedy:
      'Build the schema once, before the pool: `postgres({ migrate })` of `savepoint/pg`. Where a test is about a schema change, give it a pool of its own, or a new one after the change.',
  },
  'no-late-route': {
    says: '{{test}} added a route to an app that had already answered a request.',
    remedy:
      'Make a new app for each test: `const app = new Hono(); app.use(fakeUser); app.route("/", routes);`, or a factory such as `createApp({ pool })`. What differs from test to test goes in as an argument, or as `env` in `client(t, app, { env })` of `savepoint/http`.',
  },
  'no-unreset-override': {
    says: 'Reset what a test overrides of the app',
    remedy:
      'Let node:test undo it: `t.mock.method(auth, "userOf", stub)`. By hand: save the part and put it back in `t.after`. Better still, make the app anew for the test and hand it its parts: `createApp({ auth })`.',
  },
  'no-non-transactional-ddl': {
    says: '{{statement}} cannot run in the rollback sandbox of {{test}}.',
    remedy:
      'Do it before the tests, in `postgres({ migrate })` of `savepoint/pg`, which runs outside the sandbox; or give the test that is about such a statement a database of its own: `db.clone(t)`.',
  },
  'no-template-in-use': {
    says: '{{test}} wanted to copy, rename or drop database "{{database}}", to which others are connected: {{who}}.',
    remedy:
      'End the pool that made the template, and wait for it, before the first copy: `await pool.end()`. Keep others out with `alter database … allow_connections false`. `postgres({ migrate })` of `savepoint/pg` makes its template over a connection that it ends.',
  },
  'no-client-misuse': {
    says: '{{test}} {{misused}}',
    remedy:
      'Take a client with `pool.connect()` and call `client.release()` once, in `finally`. To get rid of the connection, `client.release(true)`. Make a `Client` in the hook that connects it.',
  },
  'no-uncalled-teardown': {
    says: 'Call the release, on the object it belongs to',
    remedy: 'Call it in a function: `after(() => pool.end())`.',
  },
};
