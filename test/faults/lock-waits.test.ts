/** Tests that run at the same time and want the same row or key: who waits for whom is told. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { HazardError } from '../../runtime/src/hazard-error.ts';
import { hazardsDuring, sceneFor } from './support/sandboxes.ts';

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

describe('both tests are named', () => {
  test('when a wait ends with the server’s own error, which the app gets', async (t) => {
    const told = hazardsDuring(t);
    const { sandboxOf } = await sceneFor(t, { schema: USERS, real: { lock_timeout: 1_500 } });
    const [first, second] = [sandboxOf('books a seat'), sandboxOf('books it, too')];
    await first.pool.query(insert(1));
    const error: unknown = await second.pool.query(insert(1)).catch((thrown: unknown) => thrown);
    assert.equal((error as { code?: string }).code, '55P03');
    const [hazard] = told.filter(({ code }) => code === 'no-unbounded-wait');
    assert.ok(hazard);
    assert.match(
      hazard.message,
      /^Test "books it, too" waited for a lock, which test "books a seat" holds\./,
    );
    assert.equal(hazard.used?.place?.file, import.meta.filename);
    assert.equal(hazard.cause, error);
    // The sandbox is as usable as after any other error.
    assert.equal((await second.pool.query(insert(2))).rowCount, 1);
    await first.close();
    await second.close();
  });

  test('when they wait for each other', async (t) => {
    const told = hazardsDuring(t);
    const { sandboxOf, witness } = await sceneFor(t, { schema: USERS });
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
    const { sandboxOf, witness } = await sceneFor(t, { schema: USERS });
    const [first, second] = [sandboxOf('holds on'), sandboxOf('is over')];
    await first.pool.query(insert(1));
    const waits = second.pool.query(insert(1)).catch((error: unknown) => error);
    await witness.untilSomebodyWaits();
    await assert.rejects(second.close(), (error: unknown) => {
      assert.ok(error instanceof HazardError);
      assert.equal(error.code, 'no-late-activity');
      assert.match(
        error.message,
        /when test "is over" ended, for a lock which test "holds on" holds\./,
      );
      return true;
    });
    await waits;
    // The one who held on is not harmed.
    assert.equal((await first.pool.query('SELECT 1')).rowCount, 1);
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
