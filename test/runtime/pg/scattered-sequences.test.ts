/** Where sequences are moved to, and that they are never moved back. */
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import type pg from 'pg';
import { ScatteredSequences } from '../../../runtime/src/pg/scattered-sequences.ts';
import { openedFor } from './support/sandbox.ts';

const SCHEMA = `
  create table users (id serial primary key);
  create table small (id smallserial primary key);
  create table big (id bigserial primary key);
  create table "Odd names" ("The id" int generated always as identity);
  create sequence down increment by -1;
  create sequence round maxvalue 5000 cycle;
  create sequence far start 1500000000 maxvalue 2147483647;
  select nextval('far'), nextval('users_id_seq');`;

async function database(t: TestContext): Promise<pg.Pool> {
  return (await openedFor(t, { schema: SCHEMA })).witness;
}

async function positions(pool: pg.Pool): Promise<Map<string, number>> {
  const { rows } = await pool.query<{ name: string; at: string | null }>(
    'select sequencename as name, last_value as at from pg_sequences order by 1',
  );
  return new Map(rows.map(({ name, at }) => [name, Number(at)]));
}

test('every sequence that counts upwards is moved high, within what its type holds', async (t) => {
  const pool = await database(t);
  await ScatteredSequences.scatter(pool);
  const at = await positions(pool);
  const isBetween = (name: string, low: number, high: number) =>
    (at.get(name) ?? 0) >= low && (at.get(name) ?? 0) < high;
  assert.ok(isBetween('users_id_seq', 1e6, 1e9));
  assert.ok(isBetween('big_id_seq', 1e6, 1e9));
  assert.ok(isBetween('Odd names_The id_seq', 1e6, 1e9));
  assert.ok(isBetween('small_id_seq', 32767 >> 2, 32767 >> 1));
  assert.deepEqual([at.get('down'), at.get('round'), at.get('far')], [0, 0, 1_500_000_000]);
  const { rows } = await pool.query('insert into small default values returning id');
  assert.deepEqual(rows, [{ id: (at.get('small_id_seq') ?? 0) + 1 }]);
});

test('whoever comes second in a run moves nothing, also after ids were given', async (t) => {
  const pool = await database(t);
  await Promise.all([ScatteredSequences.scatter(pool), ScatteredSequences.scatter(pool)]);
  const first = await positions(pool);
  await pool.query("select nextval('users_id_seq') from generate_series(1, 5)");
  await ScatteredSequences.scatter(pool);
  const second = await positions(pool);
  assert.equal(second.get('users_id_seq'), (first.get('users_id_seq') ?? 0) + 5);
  second.delete('users_id_seq');
  first.delete('users_id_seq');
  assert.deepEqual(second, first);
});
