import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { client } from 'savepoint/http';
import { createApp } from '../src/app.ts';
import { stores } from './stores.ts';

for (const [database, openStore] of Object.entries(stores)) {
  describe(`tags on ${database}`, () => {
    test('are counted when they are used again', async (t) => {
      const { api } = client(t, createApp({ store: await openStore(t) }));

      await api.tags.$post({ json: { names: ['node', 'test'] } });
      const response = await api.tags.$post({ json: { names: ['node'] } });

      assert.equal(response.status, 201);
      assert.deepEqual(await response.json(), [{ name: 'node', uses: 2 }]);
    });

    test('are all used, or none', async (t) => {
      const store = await openStore(t);

      await assert.rejects(store.useTags(['kept', null as unknown as string]), /null/i);

      assert.deepEqual(await store.listTags(), []);
    });

    test('of another test are not seen', async (t) => {
      const { api } = client(t, createApp({ store: await openStore(t) }));

      const response = await api.tags.$get();

      assert.deepEqual(await response.json(), []);
    });
  });
}
