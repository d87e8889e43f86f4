import { defineHazard } from '../hazard.ts';

export const noLateRoute = defineHazard({
  id: 'no-late-route',
  title: 'Build the app for the test instead of adding routes to a shared one',
  category: 'app wiring',
  symptoms: ['Can not add a route since the matcher is already built.'],
  signs: [
    'middleware that a test adds, such as a fake sign-in, has no effect on routes that were there before it',
    'a route added by one test answers in another',
    'a test passes alone and throws when another one has already sent a request',
  ],
  cause:
    'In Hono the order of registration is behaviour: `app.use()` applies to what is registered after it, and after the first request nothing can be added any more. ' +
    'A test adds routes or middleware to an app that other tests share and may already have used.',
  remedy:
    'Make a new app for each test: `const app = new Hono(); app.use(fakeUser); app.route("/", routes);`, or a factory such as `createApp({ pool })`. ' +
    'What differs from test to test goes in as an argument, or as `env` in `client(t, app, { env })` of `savepoint/http`.',
  severity: 'error',
  presets: ['recommended', 'strict'],
  linter: {
    sees: [
      '`use`, `get`, `post`, `put`, `delete`, `patch`, `all`, `on`, `route` or `mount` called in a test or hook on a Hono app that is imported or made at the top level of the file, and that other tests or the same test above it have asked',
    ],
    cannotSee: [
      'apps made by a factory in another file, of which it does not know that they are Hono’s',
      'middleware registered after the routes it is meant for, inside the app itself',
    ],
    messages: {
      late: '`{{call}}` changes an app that other tests share; after its first request it throws. Make an app for this test.',
      changed:
        '`{{call}}` changes an app that lives longer than this: whoever asks it next has the route, too. Make an app for this test.',
    },
    strictly: {
      changed: 'the same on an app that nobody in the file has asked by then',
    },
    suggestions: {},
    unrepaired:
      'an app of the test’s own is made by the project’s function for it, if there is one.',
  },
  runtime: {
    sees: [
      'a route or middleware added to a Hono app that has already answered a request, or that `client(t, app)` of `savepoint/http` is using, with the line that added it',
    ],
    cannotSee: [
      'middleware added before the first request but after the routes it is meant for',
      'apps of other frameworks',
    ],
    message: '{{test}} added a route to an app that had already answered a request.',
  },
  evidence: [
    'honojs/hono#3026',
    'https://hono.dev/docs/guides/testing',
    'https://hono.dev/docs/helpers/testing',
  ],
  whenNotToUse: 'In tests of the router itself.',
  examples: [
    {
      title: 'a test adds a route to the shared app',
      file: 'routes.test.mjs',
      reportedBy: ['linter', 'runtime'],
      bad: `import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Hono } from 'hono';

const app = new Hono();
app.get('/tags', (c) => c.json(['node']));

test('lists tags', async () => {
  const response = await app.request('/tags');
  assert.deepEqual(await response.json(), ['node']);
});

test('lists users', async () => {
  app.get('/users', (c) => c.json(['ada']));
  const response = await app.request('/users');
  assert.deepEqual(await response.json(), ['ada']);
});
`,
      good: `import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Hono } from 'hono';

function createApp() {
  const app = new Hono();
  app.get('/tags', (c) => c.json(['node']));
  return app;
}

test('lists tags', async () => {
  const response = await createApp().request('/tags');
  assert.deepEqual(await response.json(), ['node']);
});

test('lists users', async () => {
  const app = createApp();
  app.get('/users', (c) => c.json(['ada']));
  const response = await app.request('/users');
  assert.deepEqual(await response.json(), ['ada']);
});
`,
    },
    {
      title: 'a fake sign-in that comes after the route it is meant for',
      file: 'me.test.mjs',
      reportedBy: ['linter', 'runtime'],
      bad: `import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Hono } from 'hono';
import { client } from 'savepoint/http';

const app = new Hono();
app.get('/me', (c) => c.text(c.get('user') ?? 'nobody'));

test('greets Ada', async (t) => {
  const api = client(t, app);
  app.use(async (c, next) => {
    c.set('user', 'Ada');
    await next();
  });
  const response = await api.me.$get();
  assert.equal(await response.text(), 'Ada');
});
`,
      good: `import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Hono } from 'hono';
import { client } from 'savepoint/http';

const routes = new Hono();
routes.get('/me', (c) => c.text(c.get('user') ?? 'nobody'));

async function asAda(c, next) {
  c.set('user', 'Ada');
  await next();
}

test('greets Ada', async (t) => {
  const app = new Hono().use(asAda).route('/', routes);
  const api = client(t, app);
  const response = await api.me.$get();
  assert.equal(await response.text(), 'Ada');
});
`,
    },
  ],
});
