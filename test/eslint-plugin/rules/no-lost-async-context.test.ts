/** Asynchronous context that a hook enters, or that a driver's callback reads. */
import { testRule } from '../support/rule-table.ts';

const POOL = `import pg from 'pg';
const pool = new pg.Pool();
after(() => pool.end());`;

testRule('no-lost-async-context', {
  valid: [
    {
      name: 'a store entered by the test',
      code: `import { test } from 'node:test';
test('a', () => { user.enterWith('ada'); user.getStore(); });
test('b', () => user.run('ada', () => user.getStore()));`,
    },
    {
      name: 'a hook that works in the store which it enters',
      code: `import { beforeEach, test } from 'node:test';
beforeEach(async () => { user.enterWith('ada'); await seed(); });
test('a', () => {});`,
    },
    {
      name: 'a handler that enters',
      code: `import { before, test } from 'node:test';
before(() => {
  app.addHook('onRequest', (request, reply, done) => { user.enterWith(request.id); done(); });
});
test('a', () => {});`,
    },
    {
      name: 'cleared at the end',
      code: `const { afterEach, test } = require('node:test');
afterEach(() => { user.enterWith(undefined); });
test('a', () => {});`,
      language: 'cjs',
    },
    {
      name: 'read after a promise, or beside a callback',
      code: `import { after, test } from 'node:test';
${POOL}
test('a', async () => {
  await pool.query('select 1');
  user.getStore();
  pool.query('select 1', (error, result) => { done(result); });
});`,
    },
    {
      name: 'the callback of something else',
      code: `import { test } from 'node:test';
test('a', () => { cache.query('a', () => user.getStore()); });`,
    },
  ],
  invalid: [
    {
      name: 'entered by hooks',
      code: `import { AsyncLocalStorage } from 'node:async_hooks';
import { before, beforeEach, describe, it } from 'node:test';
const user = new AsyncLocalStorage();
beforeEach(() => «user.enterWith('ada')»);
describe('a', () => {
  before(async () => { const it = await find(); «user.enterWith(it)»; });
  it('b', () => user.getStore());
});`,
      reports: [
        { messageId: 'entered', data: { by: 'beforeEach' } },
        { messageId: 'entered', data: { by: 'before' } },
      ],
    },
    {
      name: 'read in callbacks, when one asks strictly',
      strict: true,
      code: `import { after, test } from 'node:test';
${POOL}
test('a', async () => {
  await new Promise((resolve) => pool.query('select 1', () => resolve(«user.getStore()»)));
  const client = await pool.connect();
  try {
    client.query('select 1', function () { setImmediate(() => use(«user.getStore()»)); });
  } finally { client.release(); }
});`,
      reports: [
        { messageId: 'read', data: { by: 'pool.query()' } },
        { messageId: 'read', data: { by: 'client.query()' } },
      ],
    },
  ],
});
