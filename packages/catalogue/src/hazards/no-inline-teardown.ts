import { defineHazard } from '../hazard.ts';
import { RELEASE_REPAIRS } from '../repairs.ts';
import type { ResourceKind } from '../vocabulary.ts';

/** Clients, process state and the dispatcher have hazards of their own for this. */
const CLEANED_UP: ReadonlySet<ResourceKind> = new Set<ResourceKind>([
  'pool',
  'connection',
  'handle',
  'server',
  'app',
  'agent',
  'worker',
  'process',
  'watcher',
  'browser',
  'container',
  'closable',
]);

export const noInlineTeardown = defineHazard({
  id: 'no-inline-teardown',
  title: 'Clean up in a hook, not in the last lines of the test',
  category: 'teardown',
  symptoms: [],
  signs: [
    'a green run ends at once; when one assertion fails, the run never ends',
    'one failing test drags later ones down: `EADDRINUSE`, `database is locked`, rows that should be gone',
    'CI stops at its time limit instead of showing which assertion failed',
  ],
  cause:
    'The test releases its resource in an ordinary statement after its assertions. An assertion that throws skips it, ' +
    'so exactly the failing test leaves its server, pool or handle open, and that keeps the process alive.',
  remedy:
    'Register the release when the resource is made: `t.after(() => server.close())`, `finally`, `await using`, or `use(t, acquire)` of `savepoint`, which also waits for it.',
  severity: 'error',
  presets: ['recommended', 'strict'],
  linter: {
    sees: [
      'a pool, connection, database handle, server, app, agent, worker, child process, watcher, browser or container made in a test or hook and released there by a statement that an earlier throw skips',
      'anything else that a test makes with an import, class or function, and awaits the `close()`, `stop()`, `end()`, `destroy()`, `dispose()`, `disconnect()`, `shutdown()`, `terminate()` or `teardown()` of in its last lines',
      'what a test is given to put things in order, and calls in its last lines: the `cleanup()` of `const { app, cleanup } = setup()`, `const restore = stubFetch()`, `sandbox.restore()`',
      'the same where a hook of a wider scope closes what is left in a variable that several tests fill: only the last is closed',
    ],
    cannotSee: [
      'whether a function of another file registers the release itself without being given the test context',
      'a release in a callback, but for what the option `strict` adds: not in several callbacks or a branch of one, nor in a callback given to a function that the rule does not know',
      'whether closing is the act that is tested: where a test goes on after it, or begins its title with it, nothing is reported',
      'a handle, server, app, agent, worker, process or watcher that is ended in the middle of a test: there ending it may be what is tested',
    ],
    messages: {
      inline:
        '`{{resource}}` (line {{acquiredLine}}) is released by a statement that an earlier throw skips. Register it where it is made: `t.after`.',
      callback:
        '`{{resource}}` (line {{acquiredLine}}) is released in a callback only: an earlier throw, or an event that does not come, leaves it open. Register it where it is made: `t.after`.',
    },
    suggestions: RELEASE_REPAIRS,
    strictly: {
      callback:
        'what a test makes and releases only in a callback of its own: of an event, of `listen()`, of a request',
    },
  },
  runtime: {
    sees: [
      'a `pg` pool or client, a better-sqlite3 handle or a server that a test made and that is still open after that test has failed: its release was skipped, or there was none',
    ],
    cannotSee: [
      'the hazard in a test that passes: there the release does run',
      'resources made before the runtime was loaded',
    ],
    message: '{{test}} failed and left its {{noun}} open.',
  },
  fault: ({ kind, release }) => CLEANED_UP.has(kind) && release.is === 'inline',
  evidence: [
    'ulsklyc/yuvomi#1091',
    'Pasta-Devs/Marinara-Agents#554',
    'nearform/the-fastify-workshop#1122',
    'brianc/node-postgres#1777',
    'https://nodejs.org/api/test.html#contextafterfn-options',
  ],
  whenNotToUse:
    'When closing is what the test is about: then the call is the act, not the cleanup.',
  examples: [
    {
      title: 'a failing assertion skips the line that closes the server',
      file: 'health.test.mjs',
      reportedBy: ['linter', 'runtime'],
      bad: `import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { test } from 'node:test';

test('answers ok', async () => {
  const server = createServer((_request, response) => response.end('starting'));
  server.listen(0);
  await once(server, 'listening');
  const response = await fetch(\`http://localhost:\${server.address().port}\`);
  assert.equal(await response.text(), 'ok');
  await new Promise((resolve) => server.close(resolve));
});
`,
      good: `import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { test } from 'node:test';

test('answers ok', async (t) => {
  const server = createServer((_request, response) => response.end('ok'));
  t.after(() => new Promise((resolve) => server.close(resolve)));
  server.listen(0);
  await once(server, 'listening');
  const response = await fetch(\`http://localhost:\${server.address().port}\`);
  assert.equal(await response.text(), 'ok');
});
`,
    },
    {
      title: 'the last line of the test closes the database',
      file: 'tags.test.mjs',
      reportedBy: ['linter'],
      bad: `import assert from 'node:assert/strict';
import { test } from 'node:test';
import Database from 'better-sqlite3';

test('stores a tag', () => {
  const db = new Database(':memory:');
  db.exec('create table tags (name text primary key)');
  db.prepare('insert into tags values (?)').run('node');
  assert.deepEqual(db.prepare('select name from tags').all(), [{ name: 'node' }]);
  db.close();
});
`,
      good: `import assert from 'node:assert/strict';
import { test } from 'node:test';
import Database from 'better-sqlite3';
import { use } from 'savepoint';

test('stores a tag', async (t) => {
  const db = await use(t, () => new Database(':memory:'));
  db.exec('create table tags (name text primary key)');
  db.prepare('insert into tags values (?)').run('node');
  assert.deepEqual(db.prepare('select name from tags').all(), [{ name: 'node' }]);
});
`,
    },
  ],
});
