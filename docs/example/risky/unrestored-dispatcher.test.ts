// The second test asks a real server, and gets the mock of the first.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MockAgent, setGlobalDispatcher } from 'undici';

test('welcomes by mail', async () => {
  const mock = new MockAgent();
  mock.disableNetConnect();
  setGlobalDispatcher(mock);
  mock.get('http://mail.test').intercept({ path: '/send', method: 'POST' }).reply(202);
  const response = await fetch('http://mail.test/send', { method: 'POST' });
  assert.equal(response.status, 202);
});

test('looks a tag up', async () => {
  await assert.rejects(fetch('http://localhost:1/tags'), /fetch failed/);
});
