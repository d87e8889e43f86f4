/** Waits of tests and hooks for a promise that nothing settles. */
import { testRule } from '../support/rule-table.ts';

testRule('no-unbounded-wait', {
  valid: [
    {
      name: 'a promise that is settled',
      code: `import { test } from 'node:test';
test('a', async () => {
  await new Promise((resolve) => setImmediate(resolve));
  await new Promise((resolve, reject) => { emitter.once('error', reject); });
  await new Promise((...settle) => keep(settle));
  await new Promise(executor);
});`,
    },
    {
      name: 'a handler that never answers, while the test waits for something else',
      code: `import { test } from 'node:test';
test('a', async (t) => {
  queue.execute(async () => { await new Promise(() => {}); });
  app.get('/', () => new Promise(() => {}));
  await t.assert.rejects(withTimeout(new Promise(() => {}), 5), /timed out/);
});`,
    },
    {
      name: 'one of several in a race',
      code: `import { test } from 'node:test';
test('a', async () => { await Promise.race([new Promise(() => {}), work()]); });`,
    },
    {
      name: 'bounded by the test, its suite, or by options that are not seen',
      code: `import { describe, test } from 'node:test';
import { options } from './options.js';
test('a', { timeout: 10 }, () => new Promise(() => {}));
test('b', options, async () => { await new Promise(() => {}); });
test('c', { ...options, skip: false }, async () => { await new Promise(() => {}); });
describe('d', { timeout: 10 }, () => { test('e', () => new Promise(() => {})); });`,
    },
    {
      name: 'an executor that throws',
      code: `const { test } = require('node:test');
test('a', async (t) => {
  await new Promise(() => { throw new Error('b'); }).catch(() => {});
});`,
      language: 'cjs',
    },
    {
      name: 'a promise of another library',
      code: `import { test } from 'node:test';
import Promise from 'bluebird';
test('a', async () => { await new Promise(() => {}); });`,
    },
  ],
  invalid: [
    {
      name: 'in a test',
      code: `import { test } from 'node:test';
test('a', async () => {
  await «new Promise(() => {})»;
});`,
      reports: [{ messageId: 'endless' }],
    },
    {
      name: 'answered by a hook and by a subtest, TypeScript',
      code: `import { before, describe, it } from 'node:test';
describe('a', () => {
  before(() => «new Promise<void>(() => {})»);
  it('b', async (t) => {
    await t.test('c', { skip: false }, () => { return «new Promise((resolve) => { server.listen(0); })»; });
  });
});`,
      language: 'ts',
      reports: [{ messageId: 'endless' }, { messageId: 'endless' }],
    },
  ],
});
