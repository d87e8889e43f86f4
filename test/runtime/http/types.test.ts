/** What the compiler promises about `client`; `tsc -b test` is the test, the run only checks the values. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Hono } from 'hono';
import { hc } from 'hono/client';
import { validator } from 'hono/validator';
import { client, type ExecutionContext } from '../../../runtime/src/http/index.ts';

type Equal<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
function same<_Same extends true>(): void {
  return undefined;
}

const app = new Hono<{ Bindings: { table: string } }>()
  .get('/users', (c) => c.json([{ id: 1, name: 'Ada' }]))
  .post(
    '/users',
    validator('json', (value: { name: string }) => value),
    (c) => c.json({ id: 1, name: c.req.valid('json').name }, 201),
  );

test('client has the type of hc<typeof app>', async (t) => {
  const api = client(t, app, { env: { table: 'users' } });
  const remote = () => hc<typeof app>('http://localhost');
  same<Equal<(typeof api)['users'], ReturnType<typeof remote>['users']>>();

  const created = await api.users.$post({ json: { name: 'Ada' } });
  same<Equal<typeof created.status, 201>>();
  const user = await created.json();
  same<Equal<typeof user, { id: number; name: string }>>();
  assert.deepEqual(user, { id: 1, name: 'Ada' });

  // @ts-expect-error the route has no such method
  void (() => api.users.$delete());
  // @ts-expect-error the name is missing
  void (() => api.users.$post({ json: {} }));
  // @ts-expect-error there is no such route
  void (() => api.absent.$get());
  // @ts-expect-error the binding is a string
  void (() => client(t, app, { env: { table: 1 } }));
});

test('a plain app has $fetch alone, and the env of its fetch', async (t) => {
  const plain = {
    fetch: (_request: Request, env: { n: number }, _context: ExecutionContext) =>
      Response.json(env.n),
  };
  const api = client(t, plain, { env: { n: 1 } });
  same<Equal<keyof typeof api, '$fetch'>>();
  assert.equal(await (await api.$fetch('/')).json(), 1);
  // @ts-expect-error the binding is a number
  void (() => client(t, plain, { env: { n: 'one' } }));
});
