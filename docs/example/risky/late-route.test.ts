// Adds a stand-in for sign-in to an app that has already answered: Hono refuses, or ignores it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Hono } from 'hono';

const app = new Hono<{ Variables: { user: string } }>();
app.get('/me', (c) => c.text(c.get('user') ?? 'nobody'));

test('is nobody at first', async () => {
  assert.equal(await (await app.request('/me')).text(), 'nobody');
});

test('is Ada once signed in', async () => {
  app.use('*', async (c, next) => {
    c.set('user', 'Ada');
    await next();
  });
  assert.equal(await (await app.request('/me')).text(), 'Ada');
});
