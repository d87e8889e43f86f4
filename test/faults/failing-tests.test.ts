/** Tests that time out, and hooks that throw: the test at fault is named, and the next one is clean. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { POOLS, runFile, type PoolKind } from './support/projects.ts';

const HEAD = `
import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { poolOf } from './pool.mjs';

const writes = (pool) => pool.query('begin; insert into users values (1); commit');
const isClean = async (t) => {
  const pool = await poolOf(t);
  assert.equal((await pool.query('select * from users')).rowCount, 0);
  await writes(pool);
};
`;

/** By name of the test: what it does until it times out, and what is said of it. */
const TIMED_OUT: Record<string, { readonly body: string; readonly says: RegExp }> = {
  'with a statement running': {
    body: `await pool.query('select pg_sleep(600)');`,
    says: /\[no-late-activity\].*statement was still waiting .*"with a statement running" ended/,
  },
  'with a client out': {
    body: `await pool.connect(); await never;`,
    says: /\[require-client-release\].*"with a client out"/,
  },
  'with an open transaction': {
    body: `const client = await pool.connect(); await client.query('begin'); await client.query('insert into users values (2)'); await never;`,
    says: /\[require-client-release\].*"with an open transaction"/,
  },
};

const NEVER = `const never = new Promise((resolve) => setTimeout(resolve, 600_000).unref());`;

/** By name of the hook: a suite in which it alone throws. */
const THROWING: Record<string, string> = {
  before: `before(() => { throw new Error('threw in before'); });`,
  beforeEach: `beforeEach(() => { throw new Error('threw in beforeEach'); });`,
  afterEach: `afterEach(() => { throw new Error('threw in afterEach'); });`,
  after: `after(() => { throw new Error('threw in after'); });`,
};
const THROWING_IN_TEST: Record<string, string> = {
  't.before': `t.before(() => { throw new Error('threw in t.before'); });`,
  't.beforeEach': `t.beforeEach(() => { throw new Error('threw in t.beforeEach'); });`,
  't.afterEach': `t.afterEach(() => { throw new Error('threw in t.afterEach'); });`,
  't.after': `t.after(() => { throw new Error('threw in t.after'); });`,
};

const suites = [
  ...Object.entries(THROWING).map(
    ([name, hook]) => `
describe('a suite with ${name}', () => {
  ${hook}
  test('writes', async (t) => writes(await poolOf(t)));
});
test('is clean after ${name}', isClean);`,
  ),
  ...Object.entries(THROWING_IN_TEST).map(
    ([name, hook]) => `
test('a test with ${name}', async (t) => {
  const pool = await poolOf(t);
  ${hook}
  await writes(pool);
  await t.test('and a subtest', async () => { await pool.query('insert into users values (2)'); });
});
test('is clean after ${name}', isClean);`,
  ),
].join('\n');

for (const pool of Object.keys(POOLS) as PoolKind[]) {
  describe(`with ${pool}`, { concurrency: true, timeout: 300_000 }, () => {
    test('time-outs', async (t) => {
      const bodies = Object.entries(TIMED_OUT).map(
        ([name, { body }]) => `
test('${name}', { timeout: 1_500 }, async (t) => { const pool = await poolOf(t); await writes(pool); ${body} });
test('is clean after one ${name}', isClean);`,
      );
      const { code, output, passed, failed } = await runFile(
        t,
        pool,
        HEAD + NEVER + bodies.join(''),
      );
      assert.deepEqual(
        failed.filter((name) => !name.endsWith('.mjs')),
        Object.keys(TIMED_OUT),
        output,
      );
      for (const [name, { says }] of Object.entries(TIMED_OUT)) {
        assert.ok(passed.includes(`is clean after one ${name}`), output);
        assert.match(output, says);
      }
      assert.equal(code, 1);
    });

    test('hooks that throw', async (t) => {
      const { code, output, passed } = await runFile(t, pool, HEAD + suites);
      for (const name of [...Object.keys(THROWING), ...Object.keys(THROWING_IN_TEST)]) {
        assert.ok(passed.includes(`is clean after ${name}`), `${name}: ${output}`);
        assert.match(output, new RegExp(`threw in ${name}`));
      }
      assert.equal(code, 1);
    });
  });
}
