import { testRule } from '../support/rule-table.ts';

testRule('no-fragile-teardown', {
  valid: [
    {
      name: 'one after the other is what many write: only said to those who ask strictly',
      code: `import { after, test } from 'node:test';
after(async () => { await app.close(); await pool.end(); });
test('a', () => {});`,
    },
    {
      name: 'nothing is lost behind the one that may fail',
      strict: true,
      code: `import { after, afterEach, test } from 'node:test';
after(async () => { await app.close(); app = undefined; });
after(async () => { client.release(); await pool.end(); });
after(async () => { try { await app.close(); } finally { await pool.end(); } });
afterEach(async () => { await Promise.allSettled([app.close(), pool.end()]); });
afterEach(async () => { await app.close().catch(() => {}); await pool.end(); });
test('a', (t) => { t.after(() => app.close()); t.after(() => pool.end()); });`,
    },
    {
      name: 'one after the other in a finally is only said to those who ask strictly',
      code: `import { test } from 'node:test';
test('a', async () => {
  const worker = startWorker(), queue = openQueue();
  try { await queue.add('a'); } finally { await worker.close(); await queue.close(); }
});`,
    },
    {
      name: 'a finally in which nothing is lost',
      strict: true,
      code: `import { test } from 'node:test';
test('one', async () => { try { await queue.add('a'); } finally { await queue.close(); } });
test('the same', async () => { try { await server.ask(); } finally { await server.stop(); await server.close(); } });
test('all of them', async () => {
  try { await queue.add('a'); } finally { await Promise.allSettled([worker.close(), queue.close()]); }
});
test('a finally of its own', async () => {
  try { await queue.add('a'); } finally { try { await worker.close(); } finally { await queue.close(); } }
});
test('whose failure is of no interest', async () => {
  try { await queue.add('a'); } finally { await worker.close().catch(() => {}); await queue.close(); }
});
test('at once', async () => { try { await queue.add('a'); } finally { worker.close(); await queue.close(); } });
test('the act', async () => { await worker.close(); await queue.close(); });
test('looked at', async () => {
  try { await queue.add('a'); } finally { assert.ok(await worker.close()); await queue.close(); }
});
export async function using(run) {
  try { await run(); } finally { await worker.close(); await queue.close(); }
}`,
    },
    {
      name: 'the client first',
      code: `import { test } from 'node:test';
import { Pool } from 'pg';
test('a', async (t) => {
  const pool = new Pool();
  const client = await pool.connect();
  t.after(() => client.release());
  t.after(() => pool.end());
});`,
    },
    {
      name: 'different lists of hooks: the test ends before the file does',
      code: `import { after, test } from 'node:test';
import { Pool } from 'pg';
const pool = new Pool();
after(() => pool.end());
test('a', async (t) => { const client = await pool.connect(); t.after(() => client.release()); });`,
    },
    {
      name: 'one hook, in the right order',
      code: `import { test } from 'node:test';
import { Pool } from 'pg';
test('a', async (t) => {
  const pool = new Pool();
  const client = await pool.connect();
  t.after(async () => { client.release(); await pool.end(); });
});`,
    },
    {
      name: 'savepoint unwinds, last in first out',
      code: `import { test } from 'node:test';
import { Pool } from 'pg';
import { use } from 'savepoint';
test('a', async (t) => {
  const pool = await use(t, () => new Pool());
  const client = await use(t, () => pool.connect());
});`,
    },
  ],
  invalid: [
    {
      name: 'what the project closes by itself, in a finally, when one asks strictly',
      language: 'ts',
      strict: true,
      code: `import { test } from 'node:test';
import { createQueue, createWorker } from '../src/queue.ts';
test('a', async () => {
  const queue = createQueue();
  const { worker } = createWorker(queue);
  try {
    await queue.add('a');
  } finally {
    «await worker?.close();»
    await queue.close({ force: true });
  }
});
test('in a callback', async () => {
  await Promise.all([1, 2].map(async () => {
    const [queue, other] = [createQueue(), createQueue()];
    try { await queue.add('a'); } finally { «await queue.disconnect();» console.log('-'); await other.stop(); }
  }));
});`,
      reports: [
        {
          messageId: 'sequence',
          data: { release: 'worker?.close()', skipped: 'queue.close({ force: true })', line: '10' },
        },
        { messageId: 'sequence' },
      ],
    },
    {
      name: 'what cleans behind what stops, in a hook, when one asks strictly',
      strict: true,
      code: `import { after, test } from 'node:test';
import { loadFixture } from './fixture.js';
const fixture = await loadFixture();
after(async () => {
  «await fixture.server.stop();»
  await fixture.clean();
});
test('a', () => {});`,
      reports: [{ messageId: 'sequence' }],
    },
    {
      name: 'one after the other, when one asks strictly',
      strict: true,
      code: `import { after, before, test } from 'node:test';
let app, pool;
after(async () => {
  «await app.close();»
  await pool.end();
});
test('a', () => {});`,
      reports: [
        {
          messageId: 'sequence',
          data: { release: 'app.close()', skipped: 'pool.end()', line: '5' },
        },
      ],
    },
    {
      name: 'what is put back comes behind what may fail, when one asks strictly',
      language: 'cjs',
      strict: true,
      code: `const { afterEach, test } = require('node:test');
const now = Date.now;
afterEach(async () => {
  «await new Promise((resolve) => server.close(resolve));»
  Date.now = now;
});
test('a', () => {});`,
      reports: [
        {
          messageId: 'sequence',
          data: {
            release: 'new Promise((resolve) => server.close(resolve))',
            skipped: 'Date.now = now',
            line: '5',
          },
        },
      ],
    },
    {
      name: 'the pool is registered first',
      code: `import { test } from 'node:test';
import { Pool } from 'pg';
test('a', async (t) => {
  const pool = new Pool();
  t.after(() => «pool.end()»);
  const client = await pool.connect();
  t.after(() => client.release());
});`,
      reports: [
        {
          messageId: 'order',
          data: { resource: 'pool', dependent: 'client', dependentLine: '7' },
          suggestion: {
            messageId: 'moveAfterDependent',
            output: `import { test } from 'node:test';
import { Pool } from 'pg';
test('a', async (t) => {
  const pool = new Pool();
  const client = await pool.connect();
  t.after(() => client.release());
  t.after(() => pool.end());
});`,
          },
        },
      ],
    },
    {
      name: 'in one hook, the wrong way round',
      language: 'cjs',
      code: `const { test } = require('node:test');
const { Pool } = require('pg');
test('a', async (t) => {
  const pool = new Pool();
  const client = await pool.connect();
  t.after(async () => {
    await «pool.end()»;
    client.release();
  });
});`,
      reports: [
        {
          messageId: 'order',
          suggestion: {
            messageId: 'moveAfterDependent',
            output: `const { test } = require('node:test');
const { Pool } = require('pg');
test('a', async (t) => {
  const pool = new Pool();
  const client = await pool.connect();
  t.after(async () => {
    client.release();
    await pool.end();
  });
});`,
          },
        },
      ],
    },
  ],
});
