/** Loops that go on when their test has timed out. */
import { testRule } from '../support/rule-table.ts';

testRule('no-zombie-test', {
  valid: [
    {
      name: 'a loop that looks at the signal, or is handed the context',
      code: `import { test } from 'node:test';
test('a', { timeout: 1000 }, async (t) => {
  while (!t.signal.aborted && !ready()) await delay(10);
  const { signal } = t;
  while (!ready()) await delay(10, undefined, { signal });
  while (!(await ready(t))) await delay(10);
});`,
    },
    {
      name: 'a loop that counts, or looks at the clock',
      code: `import { test } from 'node:test';
test('a', { timeout: 1000 }, async () => {
  for (let i = 0; i < 10; i++) await step(i);
  const end = Date.now() + 500;
  while (!ready() && Date.now() < end) await delay(10);
  while (rows.length > 0) { await save(rows.pop()); count += 1; }
});`,
    },
    {
      name: 'a loop that does not wait',
      code: `const { test } = require('node:test');
test('a', { timeout: 1000 }, () => { while (next()) use(); });`,
      language: 'cjs',
    },
    {
      name: 'no time-out',
      code: `import { test } from 'node:test';
test('a', async () => { while (!ready()) await delay(10); });
test('b', { skip: true }, async () => { while (!ready()) await delay(10); });`,
    },
    {
      name: 'a loop of a helper or handler',
      code: `import { test } from 'node:test';
test('a', { timeout: 1000 }, async () => {
  app.get('/', async () => { while (!ready()) await delay(10); });
  await poll();
});
async function poll() { while (!ready()) await delay(10); }`,
    },
  ],
  invalid: [
    {
      name: 'a while that polls',
      code: `import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
test('a', { timeout: 1000 }, async () => {
  «while (!ready()) await setTimeout(10);»
});`,
      reports: [
        {
          messageId: 'loop',
          suggestion: {
            messageId: 'endWithTest',
            output: `import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
test('a', { timeout: 1000 }, async (t) => {
  while (!t.signal.aborted && !ready()) await setTimeout(10);
});`,
          },
        },
      ],
    },
    {
      name: 'endless loops in a subtest, CommonJS',
      code: `const { test } = require('node:test');
test('a', async (t) => {
  await t.test('b', { timeout: 50 }, async () => {
    «for (;;) { if (await ready()) break; }»
    «do { await delay(5); } while (!done);»
  });
});`,
      language: 'cjs',
      reports: [
        {
          messageId: 'loop',
          suggestion: {
            messageId: 'endWithTest',
            output: `const { test } = require('node:test');
test('a', async (t) => {
  await t.test('b', { timeout: 50 }, async (t) => {
    for (; !t.signal.aborted;) { if (await ready()) break; }
    do { await delay(5); } while (!done);
  });
});`,
          },
        },
        {
          messageId: 'loop',
          suggestion: {
            messageId: 'endWithTest',
            output: `const { test } = require('node:test');
test('a', async (t) => {
  await t.test('b', { timeout: 50 }, async (t) => {
    for (;;) { if (await ready()) break; }
    do { await delay(5); } while (!t.signal.aborted && !done);
  });
});`,
          },
        },
      ],
    },
  ],
});
