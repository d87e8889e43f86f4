// Works until two files, two runs or a developer's own server want the same port.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { serve } from '@hono/node-server';
import { Hono } from 'hono';

test('answers over HTTP', async (t) => {
  const app = new Hono().get('/', (c) => c.text('tags'));
  const server = serve({ fetch: app.fetch, port: 38_417 });
  t.after(() => server.close());
  const response = await fetch('http://localhost:38417/');
  assert.equal(await response.text(), 'tags');
});
