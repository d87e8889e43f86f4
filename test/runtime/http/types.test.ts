/** What the compiler promises about `client`; `tsc -b test` is the test, the run only checks the values. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Hono } from 'hono';
import type { hc } from 'hono/client';
import { validator } from 'hono/validator';
import { client, type ClientOptions } from '../../../runtime/src/http/index.ts';

// Two types are the same when no conditional type can tell them apart.
/* eslint-disable @typescript-eslint/no-unnecessary-type-parameters */
type Equal<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
/* eslint-enable @typescript-eslint/no-unnecessary-type-parameters */

const app = new Hono<{ Bindings: { table: string } }>()
  .get('/users', (c) => c.json([{ id: 1, name: 'Ada' }]))
  .post(
    '/users',
    validator('json', (value: { name: string }) => value),
    (c) => c.json({ id: 1, name: c.req.valid('json').name }, 201),
  );

type Remote = ReturnType<typeof hc<typeof app>>;

test('client has the type of hc<typeof app>', async (t) => {
  const api = client(t, app, { env: { table: 'users' } });
  type Users = (typeof api)['users'];
  const created = await api.users.$post({ json: { name: 'Ada' } });
  const user = await created.json();
  const proven: [
    Equal<Users, Remote['users']>,
    Equal<Parameters<Users['$post']>[0], { json: { name: string } }>,
    Equal<typeof created.status, 201>,
    Equal<typeof user, { id: number; name: string }>,
    Equal<Exclude<keyof typeof api, keyof Remote>, '$fetch'>,
    Equal<ClientOptions<typeof app>['env'], { table: string } | undefined>,
  ] = [true, true, true, true, true, true];
  assert.ok(proven.every(Boolean));
  assert.deepEqual(user, { id: 1, name: 'Ada' });
});

test('a plain app has $fetch alone, and the env of its fetch', async (t) => {
  const plain = {
    fetch: (_request: Request, env: { n: number }) => Response.json(env.n),
  };
  const api = client(t, plain, { env: { n: 1 } });
  const proven: [
    Equal<keyof typeof api, '$fetch'>,
    Equal<ClientOptions<typeof plain>['env'], { n: number } | undefined>,
  ] = [true, true];
  assert.ok(proven.every(Boolean));
  assert.equal(await (await api.$fetch('/')).json(), 1);
});
