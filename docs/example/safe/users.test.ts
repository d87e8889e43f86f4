import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { use } from 'savepoint';
import { client } from 'savepoint/http';
import { type Bindings, createApp } from '../src/app.ts';
import { stores } from './stores.ts';

const ADA = { name: 'Ada', email: 'ada@example.test' };
const API_TOKEN = 'only for tests';

for (const [database, openStore] of Object.entries(stores)) {
  describe(`users on ${database}`, () => {
    async function open(t: TestContext, bindings: Bindings = {}) {
      const app = createApp({ store: await openStore(t) });
      return client(t, app, { env: { API_TOKEN, ...bindings } }).api.users;
    }
    const signedIn = { headers: { authorization: `Bearer ${API_TOKEN}` } };

    test('are created and found', async (t) => {
      const users = await open(t);

      const created = await users.$post({ json: ADA }, signedIn);
      assert.equal(created.status, 201);
      const { id } = (await created.json()) as { id: number };

      const found = await users[':id'].$get({ param: { id: String(id) } });
      assert.deepEqual(await found.json(), { id, ...ADA });
    });

    test('have an address of their own, and a refusal leaves the app usable', async (t) => {
      const users = await open(t);

      await users.$post({ json: ADA }, signedIn);
      const second = await users.$post({ json: { ...ADA, name: 'Another Ada' } }, signedIn);

      assert.equal(second.status, 409);
      const listed = await (await users.$get()).json();
      assert.deepEqual(
        listed.map(({ name }) => name),
        ['Ada'],
      );
    });

    test('need a token to be created', async (t) => {
      const users = await open(t);

      const response = await users.$post({ json: ADA });

      assert.equal(response.status, 401);
      assert.deepEqual(await (await users.$get()).json(), []);
    });

    test('are welcomed after the response, before the test ends', async (t) => {
      // Released last in, first out: checked after the app's background work was awaited.
      const welcomed = await use(
        t,
        () => new Array<string>(),
        (emails) => {
          assert.deepEqual(emails, [ADA.email]);
        },
      );
      const users = await open(t, {
        async welcome(email) {
          await Promise.resolve();
          welcomed.push(email);
        },
      });

      const response = await users.$post({ json: ADA }, signedIn);

      assert.equal(response.status, 201);
    });
  });
}
