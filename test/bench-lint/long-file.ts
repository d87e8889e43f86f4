/** One test file, and the same file with its tests many times over. Knows nothing of rules. */
import type { SourceFile } from '../support/source-files.ts';

const HEAD = `import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before, describe, test } from 'node:test';
import { Pool } from 'pg';

const pool = new Pool();
after(() => pool.end());
`;

/** What a suite of a service does: a client, a server, an environment, a helper, subtests. */
const suite = (n: number) => `
describe('orders ${n}', () => {
  let server${n};
  before(async () => {
    server${n} = createServer((request, response) => response.end(request.url));
    await new Promise((resolve) => server${n}.listen(0, resolve));
  });
  after(() => new Promise((resolve) => server${n}.close(resolve)));

  async function place${n}(client, order) {
    const { rows } = await client.query('insert into orders (item) values ($1) returning *', [order]);
    return rows[0];
  }

  test('keeps an order ${n}', async (t) => {
    const client = await pool.connect();
    t.after(() => client.release());
    const order = await place${n}(client, 'tea');
    assert.equal(order.item, 'tea');
    await t.test('and finds it', async () => {
      const found = await client.query('select * from orders where id = $1', [order.id]);
      assert.deepEqual(found.rows, [order]);
    });
  });

  test('answers in the currency of its environment ${n}', async (t) => {
    const before = process.env.CURRENCY;
    t.after(() => {
      if (before === undefined) delete process.env.CURRENCY;
      else process.env.CURRENCY = before;
    });
    process.env.CURRENCY = 'EUR';
    const { port } = server${n}.address();
    const response = await fetch(\`http://localhost:\${port}/price\`);
    assert.equal(await response.text(), '/price');
  });

  test('forgets a client ${n}', async () => {
    const client = await pool.connect();
    await client.query('select 1');
    client.release();
  });
});
`;

/** A file with so many suites. */
export function fileOfSuites(count: number): SourceFile {
  const suites = Array.from({ length: count }, (_, index) => suite(index));
  return { path: `/bench/orders-${count}.test.mjs`, code: HEAD + suites.join('') };
}
