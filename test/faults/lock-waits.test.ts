/** Tests that run at the same time and want the same row or key: who waits for whom is told. */
import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { HazardError } from '../../runtime/src/hazard-error.ts';
import { startTests } from '../runtime/databases/test-run.ts';
import { afterAllElse, scratchDatabase } from '../support/database.ts';
import { projectOn, runFile, type PoolKind } from './support/projects.ts';
import { hazardsDuring, sceneFor, type Scene } from './support/sandboxes.ts';
import { stallingProxy } from './support/stalling-proxy.ts';

const USERS = 'CREATE TABLE users (id int PRIMARY KEY, name text)';
const insert = (id: number) => `INSERT INTO users VALUES (${String(id)}, 'Ada')`;

test('the second that wants a key waits until the first has ended, and then gets it', async (t) => {
  const { sandboxOf, witness } = await sceneFor(t, { schema: USERS });
  const [first, second] = [sandboxOf('first'), sandboxOf('second')];
  await first.pool.query(insert(1));
  const waits = second.pool.query(insert(1));
  await witness.untilSomebodyWaits();
  await first.close();
  assert.equal((await waits).rowCount, 1);
  await second.close();
  assert.deepEqual(await witness.rows('SELECT * FROM users'), []);
});

describe('lock_timeout', () => {
  const SHOW = { text: 'SHOW lock_timeout', rowMode: 'array' } as const;

  test('is bounded where the app leaves it open', async (t) => {
    const { sandboxOf } = await sceneFor(t);
    assert.deepEqual((await sandboxOf('x').pool.query(SHOW)).rows, [['10s']]);
  });

  test('is kept where the app has set it, on its connections or on its database', async (t) => {
    const set = await sceneFor(t, { real: { lock_timeout: 1_234 } });
    assert.deepEqual((await set.sandboxOf('x').pool.query(SHOW)).rows, [['1234ms']]);
    const database = await sceneFor(t);
    const [[name] = []] = await database.witness.rows('SELECT current_database()');
    await database.witness.rows(`ALTER DATABASE ${String(name)} SET lock_timeout = 4321`);
    assert.deepEqual((await database.sandboxOf('x').pool.query(SHOW)).rows, [['4321ms']]);
  });
});

const WAITED_FOR_HOLDER = (error: unknown): boolean => {
  assert.ok(error instanceof HazardError);
  assert.equal(error.code, 'no-late-activity');
  assert.match(
    error.message,
    /when test "is over" ended, for a lock which test "holds on" holds\./,
  );
  return true;
};

describe('both tests are named', { concurrency: true }, () => {
  test('when a wait ends with the server’s own error, which the app gets', async (t) => {
    const told = hazardsDuring(t);
    const { sandboxOf } = await sceneFor(t, { schema: USERS, real: { lock_timeout: 8_000 } });
    const [first, second] = [sandboxOf('books a seat'), sandboxOf('books it, too')];
    await first.pool.query(insert(1));
    const error: unknown = await second.pool.query(insert(1)).catch((thrown: unknown) => thrown);
    assert.equal((error as { code?: string }).code, '55P03');
    const [hazard] = told.filter(({ message }) => message.includes('"books it, too"'));
    assert.ok(hazard);
    assert.match(
      hazard.message,
      /^Test "books it, too" waited for a lock, which test "books a seat" holds\./,
    );
    assert.equal(hazard.used?.place?.file, import.meta.filename);
    // The sandbox is as usable as after any other error.
    assert.equal((await second.pool.query(insert(2))).rowCount, 1);
    await first.close();
    await second.close();
  });

  test('when they wait for each other', async (t) => {
    const told = hazardsDuring(t);
    // Before the wait is told for its length.
    const real = { options: '-c deadlock_timeout=100ms' };
    const { sandboxOf, witness } = await sceneFor(t, { schema: USERS, real });
    const [first, second] = [sandboxOf('one way'), sandboxOf('the other way')];
    await first.pool.query(insert(1));
    await second.pool.query(insert(2));
    const crossed = [
      { sandbox: first, query: first.pool.query(insert(2)), other: second },
      { sandbox: second, query: second.pool.query(insert(1)), other: first },
    ];
    const failed = crossed.map(({ query, ...rest }) =>
      query.then(
        () => new Promise<never>(() => undefined),
        (error: unknown) => ({ error, query, ...rest }),
      ),
    );
    const victim = await Promise.race(failed);
    assert.equal((victim.error as { code?: string }).code, '40P01');
    const [hazard] = told.filter(({ cause }) => cause === victim.error);
    assert.ok(hazard);
    assert.match(hazard.message, /test "one way"/i);
    assert.match(hazard.message, /test "the other way"/i);
    // What the victim's test has done before stays locked until its end, which lets the other go on.
    await victim.sandbox.close();
    await Promise.all(
      crossed.filter(({ sandbox }) => sandbox === victim.other).map(({ query }) => query),
    );
    await victim.other.close();
    assert.deepEqual(await witness.rows('SELECT * FROM users'), []);
  });

  test('when a test ends while its statement waits', async (t) => {
    const { sandboxOf } = await sceneFor(t, { schema: USERS });
    const [first, second] = [sandboxOf('holds on'), sandboxOf('is over')];
    await first.pool.query(insert(1));
    const waits = second.pool.query(insert(1)).catch((error: unknown) => error);
    await assert.rejects(second.close(), WAITED_FOR_HOLDER);
    await waits;
    // The one who held on is not harmed.
    assert.equal((await first.pool.query('SELECT 1')).rowCount, 1);
    await first.close();
  });
  test('when a test ends before the server has said who is in the way', async (t) => {
    const connectionString = await scratchDatabase(t);
    const proxy = await stallingProxy(connectionString);
    const real = { connectionString: proxy.connectionString };
    const { sandboxOf } = await sceneFor(t, { schema: USERS, database: connectionString, real });
    afterAllElse(t, () => proxy.close());
    const answers = proxy.keepBack('pg_blocking_pids');
    const [first, second] = [sandboxOf('holds on'), sandboxOf('is over')];
    await first.pool.query(insert(1));
    const waits = second.pool.query(insert(1)).catch((error: unknown) => error);
    const behind = second.pool.query('SELECT 1');
    const closed = second.close();
    // It is refused when the time is over that what runs may take.
    await assert.rejects(behind, { code: 'no-late-activity' });
    answers.letGo();
    await assert.rejects(closed, WAITED_FOR_HOLDER);
    await waits;
    await first.close();
  });
});

test('somebody else’s session is named by what it says of itself, without secrets', async (t) => {
  const { sandboxOf, witness } = await sceneFor(t, { schema: USERS });
  const told = hazardsDuring(t);
  await witness.rows('INSERT INTO users VALUES (7)');
  await witness.rows('BEGIN');
  await witness.rows("SET application_name = 'a psql in another room'");
  await witness.rows("UPDATE users SET name = 'password=hunter2'");
  const waits = sandboxOf('waits').pool.query({ text: 'UPDATE users SET id = 8' });
  await new Promise<void>((resolve) => {
    const look = setInterval(() => {
      if (told.length > 0) {
        clearInterval(look);
        resolve();
      }
    }, 10);
  });
  const [hazard] = told;
  assert.match(
    hazard?.message ?? '',
    /which process \d+ of the server \(a psql in another room; idle in transaction\) holds/,
  );
  assert.doesNotMatch(hazard?.message ?? '', /hunter2/);
  await witness.rows('ROLLBACK');
  await waits;
});

describe(
  'tests of another process are named by their file, and by what they said last',
  { concurrency: true },
  () => {
    /** Starts a file whose test inserts the first key, and then does something. */
    async function startHolder(t: TestContext, { connectionString }: Scene, then: string) {
      const own = await projectOn(t, 'db.rollback', {
        'db.mjs': `
import { postgres } from 'savepoint/pg';
export const db = postgres({ connectionString: process.env.CONNECTION_STRING + '?options=-c%20deadlock_timeout%3D60s' });`,
        'holder.test.mjs': `
import { test } from 'node:test';
import { poolOf } from './pool.mjs';
test('holds', async (t) => {
  const pool = await poolOf(t);
  await pool.query("${insert(1)}");
  console.error('holding in', process.pid);
  ${then}
});`,
      });
      const run = startTests(t, own, { CONNECTION_STRING: connectionString });
      const [, pid] = await run.prints(/holding in (\d+)/);
      return { ended: run.ended, pid: Number(pid) };
    }

    test('when a wait ends with the server’s own error', async (t) => {
      const told = hazardsDuring(t);
      const scene = await sceneFor(t, { schema: USERS, real: { lock_timeout: 8_000 } });
      const holder = await startHolder(
        t,
        scene,
        'await new Promise((end) => process.once("SIGUSR2", end));',
      );
      const name = 'waits for a file';
      const sandbox = scene.sandboxOf(name);
      const error: unknown = await sandbox.pool.query(insert(1)).catch((thrown: unknown) => thrown);
      assert.equal((error as { code?: string }).code, '55P03');
      assert.match(
        told.find(({ message }) => message.includes(`"${name}"`))?.message ?? '',
        /^Test "waits for a file" waited for a lock, which process \d+ of the server \(savepoint holder\.test\.mjs \(\d+\); idle in transaction; INSERT INTO users VALUES \(1, 'Ada'\)\) holds\./,
      );
      await sandbox.close();
      process.kill(holder.pid, 'SIGUSR2');
      assert.equal((await holder.ended).code, 0);
    });

    test('when they wait for each other', async (t) => {
      const told = hazardsDuring(t);
      // Whoever looks for a deadlock when there is one is its victim.
      const real = { options: '-c deadlock_timeout=8s' };
      const scene = await sceneFor(t, { schema: USERS, real });
      const name = 'is the victim';
      const sandbox = scene.sandboxOf(name);
      await sandbox.pool.query(insert(2));
      const holder = await startHolder(t, scene, `await pool.query("${insert(2)}");`);
      await scene.witness.untilSomebodyWaits();
      const error: unknown = await sandbox.pool.query(insert(1)).catch((thrown: unknown) => thrown);
      assert.equal((error as { code?: string }).code, '40P01');
      assert.match(
        told.find(({ message }) => message.includes(`"${name}"`))?.message ?? '',
        /^Test "is the victim" waited for a lock, which process \d+ of the server \(savepoint holder\.test\.mjs/,
      );
      await sandbox.close();
      assert.equal((await holder.ended).code, 0);
    });
  },
);

describe('concurrent tests of one file', { concurrency: true }, () => {
  for (const pool of ['db.rollback', 'rollbackEach'] satisfies PoolKind[]) {
    test(`with ${pool}`, async (t) => {
      const { output, passed, failed } = await runFile(
        t,
        pool,
        `
import { describe, test } from 'node:test';
import { poolOf } from './pool.mjs';

let inserted;
const isInserted = new Promise((resolve) => (inserted = resolve));
let ended;
const hasEnded = new Promise((resolve) => (ended = resolve));
describe('at once', { concurrency: true }, () => {
  test('holds the key', async (t) => {
    const pool = await poolOf(t);
    await pool.query('insert into users values (1)');
    inserted();
    await hasEnded;
  });
  test('wants the key', async (t) => {
    const pool = await poolOf(t);
    await isInserted;
    await pool.query("set lock_timeout = '8s'");
    try {
      await pool.query('insert into users values (1)');
    } finally {
      ended();
    }
  });
});`,
      );
      assert.deepEqual(
        failed.filter((name) => !name.endsWith('.mjs')),
        ['wants the key', 'at once'],
        output,
      );
      assert.ok(passed.includes('holds the key'), output);
      assert.match(
        output,
        /Test "at once > wants the key" waited for a lock, which test "at once > holds the key" holds\./,
      );
    });
  }
});
