import assert from 'node:assert/strict';
import { once, EventEmitter } from 'node:events';
import { basename } from 'node:path';
import { test, type TestContext } from 'node:test';
import { Hono } from 'hono';
import { LinearRouter } from 'hono/router/linear-router';
import { HazardError } from '../../../runtime/src/hazard-error.ts';
import { client, type ExecutionContext } from '../../../runtime/src/http/index.ts';
import { use } from '../../../runtime/src/use.ts';
import { passScripted, runScripted, scriptedTest } from '../support/scripted-test.ts';

const here = (file: string | undefined): boolean => basename(file ?? '') === 'client.test.ts';

function assertHazard(error: unknown, code: string, ...said: RegExp[]): HazardError {
  assert.ok(error instanceof HazardError, String(error));
  assert.equal(error.code, code);
  for (const text of said) assert.match(error.message, text);
  return error;
}

const users = () =>
  new Hono<{ Bindings: { greeting: string } }>()
    .get('/', (c) => c.text('root'))
    .get('/users/:id', (c) => c.json({ id: c.req.param('id'), said: c.env.greeting }))
    .post('/users', async (c) => c.json({ created: await c.req.json<{ name: string }>() }, 201));

test('a Hono app answers in process: routes, parameters, JSON, env', async (t) => {
  const api = client(t, users(), { env: { greeting: 'hello' } });
  assert.equal(await (await api.index.$get()).text(), 'root');
  assert.deepEqual(await (await api.users[':id'].$get({ param: { id: '7' } })).json(), {
    id: '7',
    said: 'hello',
  });
  const created = await api.users.$post();
  assert.equal(created.status, 500, 'no body: the handler throws and Hono answers 500');
  assert.equal(api.users.$url().href, 'http://localhost/users');
});

test('$fetch sends any request: a path, a URL, a Request', async (t) => {
  const api = client(t, users(), { env: { greeting: 'hi' } });
  const init = {
    method: 'POST',
    body: JSON.stringify({ name: 'Ada' }),
    headers: { 'content-type': 'application/json' },
  };
  for (const input of [
    '/users',
    'http://localhost/users',
    new URL('http://example.test/users'),
    new Request('http://localhost/users'),
  ]) {
    const response = await api.$fetch(input, init);
    assert.equal(response.status, 201);
    assert.deepEqual(await response.json(), { created: { name: 'Ada' } });
  }
  assert.equal((await api.$fetch('/absent')).status, 404);
});

test('without env the bindings are an empty object, not undefined', async (t) => {
  const response = await client(t, users()).users[':id'].$get({ param: { id: '1' } });
  assert.deepEqual(await response.json(), { id: '1' });
});

test('a plain fetch app gets request, env and context', async (t) => {
  interface Env {
    readonly secret: string;
  }
  const app = {
    calls: 0,
    fetch(request: Request, env: Env, context: ExecutionContext): Response {
      this.calls += 1;
      context.waitUntil(Promise.resolve());
      return Response.json({ url: request.url, secret: env.secret, calls: this.calls });
    },
  };
  const api = client(t, app, { env: { secret: 'x' } });
  assert.deepEqual(await (await api.$fetch('/a?b=c')).json(), {
    url: 'http://localhost/a?b=c',
    secret: 'x',
    calls: 1,
  });
  assert.deepEqual(Object.keys(api), ['$fetch']);
});

test('what a plain app throws, the request rejects with', async (t) => {
  const boom = new Error('boom');
  const api = client(t, { fetch: () => Promise.reject(boom) });
  await assert.rejects(api.$fetch('/'), boom);
  const thrower = client(t, {
    fetch() {
      throw boom;
    },
  });
  await assert.rejects(thrower.$fetch('/'), boom);
});

test('an app without fetch is refused', (t) => {
  for (const app of [undefined, null, {}, 'app']) {
    assert.throws(() => client(t, app as never), { code: 'ERR_SAVEPOINT_APP', message: /fetch/ });
  }
});

/** An app whose `/background` handler hands over work that ends when `gate` says so. */
function appWithBackground(work: (gate: EventEmitter) => Promise<unknown>) {
  const gate = new EventEmitter();
  const app = new Hono().get('/background', (c) => {
    c.executionCtx.waitUntil(work(gate));
    return c.text('accepted', 202);
  });
  return { app, gate };
}

test('waitUntil work is awaited before what the test acquired earlier is released', async () => {
  const log: string[] = [];
  const { app, gate } = appWithBackground(async (gate) => {
    await once(gate, 'go');
    log.push('background done');
  });
  const inner = scriptedTest('inner');
  await use(
    inner.t,
    () => 'sandbox',
    () => log.push('sandbox closed'),
  );
  const response = await client(inner.t, app).background.$get();
  assert.equal(response.status, 202);
  const ended = inner.end();
  gate.emit('go');
  assert.equal(await ended, undefined);
  assert.deepEqual(log, ['background done', 'sandbox closed']);
});

test('work that waitUntil work hands over is awaited too', async () => {
  const log: string[] = [];
  const app = {
    fetch(_request: Request, _env: unknown, context: ExecutionContext): Response {
      const step = (left: number) => (): void => {
        log.push(`step ${String(left)}`);
        if (left > 0) context.waitUntil(Promise.resolve().then(step(left - 1)));
      };
      context.waitUntil(Promise.resolve().then(step(3)));
      return new Response();
    },
  };
  assert.equal(await runScripted('inner', (t) => client(t, app).$fetch('/')), undefined);
  assert.deepEqual(log, ['step 3', 'step 2', 'step 1', 'step 0']);
});

test('failed waitUntil work fails the test with the app error as the cause', async () => {
  const boom = new Error('mail server down');
  const { app } = appWithBackground(() => Promise.reject(boom));
  const failure = (await runScripted('sends mail', (t) =>
    client(t, app).background.$get(),
  )) as Error & { code: string };
  assert.equal(failure.code, 'ERR_SAVEPOINT_WAIT_UNTIL');
  assert.equal(failure.cause, boom);
  assert.match(failure.message, /GET \/background.*mail server down/);
  assert.equal(failure instanceof HazardError, false);
});

test('several failures are all told', async () => {
  const { app } = appWithBackground(() => Promise.reject(new Error('down')));
  const failure = await runScripted('inner', async (t) => {
    const api = client(t, app);
    await api.background.$get();
    await api.background.$get();
  });
  assert.ok(failure instanceof AggregateError);
  assert.equal(failure.errors.length, 2);
});

test('a request that was not awaited is waited for', async () => {
  const gate = new EventEmitter();
  let answered = false;
  const app = new Hono().get('/slow', async (c) => {
    await once(gate, 'go');
    answered = true;
    return c.text('ok');
  });
  const inner = scriptedTest('inner');
  void client(inner.t, app).slow.$get();
  const ended = inner.end();
  setImmediate(() => gate.emit('go'));
  assert.equal(await ended, undefined);
  assert.equal(answered, true);
});

test('what still runs at the deadline is named: test, request and line', async () => {
  const app = new Hono()
    .get('/hangs', () => new Promise<Response>(() => undefined))
    .get('/queues', (c) => {
      c.executionCtx.waitUntil(new Promise(() => undefined));
      return c.text('ok');
    });
  const failure = await runScripted('leaves work', async (t) => {
    const api = client(t, app, { deadline: 20 });
    void api.hangs.$get();
    await api.queues.$get();
  });
  const error = assertHazard(
    failure,
    'no-late-activity',
    /"leaves work"/,
    /the request GET \/hangs/,
    /waitUntil by GET \/queues/,
  );
  assert.ok(here(error.used?.place?.file));
});

test('after its test a client refuses, with the line that made it and the line that called', async () => {
  const makeClient = (t: TestContext) => client(t, users());
  const inner = scriptedTest('over');
  const api = makeClient(inner.t);
  await inner.end();
  for (const request of [() => api.index.$get(), () => api.$fetch('/users')]) {
    const error = assertHazard(
      await request().catch((error: unknown) => error),
      'no-late-activity',
      /"over"/,
      /GET \//,
    );
    assert.ok(here(error.acquired?.place?.file));
    assert.ok(here(error.used?.place?.file));
    assert.notEqual(error.acquired?.place?.line, error.used?.place?.line);
  }
  assert.throws(() => makeClient(inner.t), { code: 'no-late-activity' });
});

test('after a time-out a client refuses at once', async () => {
  const inner = scriptedTest('timed out');
  const api = client(inner.t, users());
  const ended = inner.timeOut();
  await assert.rejects(api.index.$get(), { code: 'no-late-activity' });
  await ended;
});

test('waitUntil after the test ended throws into the app', async () => {
  let context!: ExecutionContext;
  const app = {
    fetch(_request: Request, _env: unknown, given: ExecutionContext): Response {
      context = given;
      return new Response();
    },
  };
  await passScripted('over', (t) => client(t, app).$fetch('/'));
  assert.throws(
    () => {
      context.waitUntil(Promise.resolve());
    },
    {
      code: 'no-late-activity',
      message: /GET \/ gave work to `waitUntil` after test "over"/,
    },
  );
});

// ---- routes

function rooted(): Hono {
  const app = new Hono();
  app.get('/', (c) => c.text('root'));
  return app;
}

const additions: readonly [string, (app: Hono) => unknown][] = [
  ['get', (app) => app.get('/late', (c) => c.text('late'))],
  ['post', (app) => app.post('/late', (c) => c.text('late'))],
  ['all', (app) => app.all('/late', (c) => c.text('late'))],
  ['on', (app) => app.on('PURGE', '/late', (c) => c.text('late'))],
  ['use', (app) => app.use(async (_c, next) => next())],
  [
    'route',
    (app) =>
      app.route(
        '/late',
        new Hono().get('/', (c) => c.text('late')),
      ),
  ],
  ['basePath', (app) => app.basePath('/late').get('/', (c) => c.text('late'))],
];

for (const [name, add] of additions) {
  test(`app.${name} after client() is refused: order of registration is behaviour`, async () => {
    const app = rooted();
    const inner = scriptedTest('inner');
    client(inner.t, app);
    const error = assertHazard(
      thrownBy(() => add(app)),
      'no-late-route',
      /"inner" made a client from the app/,
    );
    assert.ok(here(error.used?.place?.file));
    assert.ok(here(error.acquired?.place?.file));
    assert.equal(await inner.end(), undefined);
  });

  test(`app.${name} after the first request is refused, also in the next test, with Hono's error as the cause`, async () => {
    const app = rooted();
    const inner = scriptedTest('inner');
    await client(inner.t, app).$fetch('/');
    const during = assertHazard(
      thrownBy(() => add(app)),
      'no-late-route',
      /first request, GET \/ in test "inner"/,
    );
    assert.match(String(during.cause), /matcher is already built/);
    await inner.end();
    const afterwards = assertHazard(
      thrownBy(() => add(app)),
      'no-late-route',
      /first request, GET \/ in test "inner"/,
    );
    assert.match(String(afterwards.cause), /matcher is already built/);
    assert.ok(here(afterwards.used?.place?.file));
  });
}

test('an app that no request reached is as it was when its test is over', async () => {
  const app = rooted();
  const first = scriptedTest('first');
  const second = scriptedTest('second');
  client(first.t, app);
  client(second.t, app);
  await first.end();
  assert.throws(() => app.get('/late', (c) => c.text('late')), { code: 'no-late-route' });
  await second.end();
  assert.equal(Object.hasOwn(app.router, 'add'), false);
  app.get('/late', (c) => c.text('late'));
  assert.equal(await (await app.request('/late')).text(), 'late');
});

test('between tests a router that takes late routes still takes them', async () => {
  const app = new Hono({ router: new LinearRouter() });
  app.get('/', (c) => c.text('root'));
  const inner = scriptedTest('inner');
  await client(inner.t, app).$fetch('/');
  await inner.end();
  app.get('/late', (c) => c.text('late'));
  assert.equal(await (await app.request('/late')).text(), 'late');
});

function thrownBy(action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    return error;
  }
  return assert.fail('nothing was thrown');
}
