/** What the options of an app's pool tell the server holds for its clients in a sandbox, and for theirs alone. */
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import pg from 'pg';
import { HazardError } from '../../../runtime/src/hazard-error.ts';
import { openSandbox } from '../../../runtime/src/pg/sandbox.ts';
import { captureTrace } from '../../../runtime/src/trace.ts';
import { testServer } from '../../support/database.ts';

/** A sandbox whose connections are made with the first pool's options. */
async function poolsOf(
  t: TestContext,
  ...options: readonly pg.PoolConfig[]
): Promise<{ readonly pools: readonly pg.Pool[]; readonly real: readonly pg.Pool[] }> {
  const { connectionString } = await testServer();
  const real = options.map((each) => new pg.Pool({ connectionString, ...each }));
  const [first] = real;
  assert.ok(first);
  const sandbox = openSandbox({
    name: t.name,
    opened: captureTrace(),
    checkout: () => first.connect(),
    giveBack: (client, error) => {
      client.release(error);
    },
    options: first.options,
    pool: first.options,
  });
  t.after(async () => {
    await sandbox.close();
    await Promise.all(real.map((pool) => pool.end()));
  });
  const pools = real.map((pool, index) =>
    index === 0 ? sandbox.pool : sandbox.poolLike(pool.options),
  );
  return { pools, real };
}

async function shown(pool: pg.Pool, parameter: string): Promise<unknown> {
  const { rows } = await pool.query<{ value: string }>('SELECT current_setting($1) AS value', [
    parameter,
  ]);
  return rows[0]?.value;
}

const WRITER: pg.PoolConfig = {
  application_name: 'writer',
  statement_timeout: 54_321,
  lock_timeout: 4_321,
  options:
    '-c search_path=app,public -cwork_mem=1111 --default-statistics-target=7 -c DateStyle=ISO,\\ DMY',
};
const READER: pg.PoolConfig = {
  application_name: 'reader',
  statement_timeout: 65_432,
  lock_timeout: 5_432,
  options:
    '-c search_path=other -c work_mem=2222 -c default_statistics_target=8 -c datestyle=German',
};
const PARAMETERS = [
  'application_name',
  'statement_timeout',
  'lock_timeout',
  'search_path',
  'work_mem',
  'default_statistics_target',
  'DateStyle',
];

test('the options of two pools on one connection', async (t) => {
  const { pools, real } = await poolsOf(t, WRITER, READER);
  for (const parameter of [...PARAMETERS, ...PARAMETERS]) {
    for (const [index, pool] of pools.entries()) {
      const expected = real[index] && (await shown(real[index], parameter));
      assert.equal(await shown(pool, parameter), expected, parameter);
    }
  }
});

test('RESET goes back to what the pool’s options say', async (t) => {
  const { pools, real } = await poolsOf(t, WRITER, READER);
  for (const reset of ['RESET work_mem', 'RESET ALL', 'SET work_mem TO DEFAULT']) {
    for (const [index, pool] of pools.entries()) {
      await pool.query('SET work_mem = 4444');
      await pool.query(reset);
      assert.equal(
        await shown(pool, 'work_mem'),
        real[index] && (await shown(real[index], 'work_mem')),
      );
    }
  }
});

test('options in a connection string, as it is', async (t) => {
  const { connectionString } = await testServer();
  const asked = `${connectionString}?application_name=asked&options=-c%20work_mem%3D3333`;
  const { pools } = await poolsOf(t, WRITER, { connectionString: asked });
  const [, second] = pools;
  assert.ok(second);
  assert.equal(await shown(second, 'application_name'), 'asked');
  assert.equal(await shown(second, 'work_mem'), '3333kB');
});

for (const [how, options] of Object.entries<pg.PoolConfig>({
  "pool.on('connect')": {},
  onConnect: { onConnect: (client) => void client.query('SET work_mem = 5555') },
})) {
  test(`what ${how} sets holds for every client, and is no residue`, async (t) => {
    const warned: Error[] = [];
    const hear = (warning: Error) => {
      if (warning instanceof HazardError) warned.push(warning);
    };
    process.on('warning', hear);
    t.after(() => {
      process.off('warning', hear);
      assert.deepEqual(warned, []);
    });
    const { pools } = await poolsOf(t, options);
    const [pool] = pools;
    assert.ok(pool);
    if (how !== 'onConnect')
      pool.on('connect', (client) => void client.query('SET work_mem = 5555'));
    const clients = await Promise.all([pool.connect(), pool.connect()]);
    for (const client of [...clients, ...clients]) {
      const { rows } = await client.query<{ work_mem: string }>('SHOW work_mem');
      assert.deepEqual(rows, [{ work_mem: '5555kB' }]);
    }
    for (const client of clients) client.release();
  });
}

test('a pool whose transactions are stronger by default than the sandbox’s is refused', async (t) => {
  const { pools } = await poolsOf(
    t,
    {},
    { options: '-c default_transaction_isolation=serializable' },
  );
  const [, second] = pools;
  assert.ok(second);
  await assert.rejects(
    second.query('SELECT 1'),
    (error) => error instanceof HazardError && error.code === 'no-sandboxed-concurrency-test',
  );
});
