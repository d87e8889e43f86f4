/** A suite that several machines run in shards, and the moment in it at which one of them is lost. */
import { createHash } from 'node:crypto';

const DATABASE = `
import { appendFileSync } from 'node:fs';
import { postgres } from 'savepoint/pg';
const { SERVER, FINGERPRINT, LOG, HANG, MACHINE } = process.env;
export const db = postgres({
  connectionString: SERVER,
  max: 3,
  migrate: {
    fingerprint: FINGERPRINT,
    migrate: async (client) => {
      appendFileSync(LOG, MACHINE + '\\n');
      await client.query('create table users (name text unique)');
      await client.query('select pg_sleep(0.2)');
      if (HANG) {
        console.log('migrates');
        await client.query('select pg_sleep(600)');
      }
    },
  },
});
`;

/** All machines want the same row: who is lost with it must not keep it from the others. */
const FILE = `
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { db } from './db.mjs';
for (const way of ['rollback', 'clone', 'rollback', 'clone']) {
  test(way, async (t) => {
    const pool = await db[way](t);
    await pool.query("insert into users values ('Ada')");
    await pool.query('select pg_sleep(0.05)');
    assert.equal((await pool.query('select * from users')).rowCount, 1);
  });
}
`;

export const NAMES = ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => `${name}.test.mjs`);

export const SHARDED = {
  // By which checkouts in different folders are the same project.
  'package.json': '{ "name": "shop" }',
  'db.mjs': DATABASE,
  ...Object.fromEntries(NAMES.map((name) => [name, FILE])),
};

/** Of Node, for one of so many shards. @param index from 0 */
export function argumentsOf(index: number, shards: number): string[] {
  const shard = `--test-shard=${String(index + 1)}/${String(shards)}`;
  return ['--test', '--test-reporter=tap', '--test-concurrency=2', shard, ...NAMES];
}

/** A part of a whole run, the same for the same seed. */
export function partOf(seed: number, round: number): number {
  const digest = createHash('sha256')
    .update(`${String(seed)}/${String(round)}`)
    .digest();
  return digest.readUInt32BE() / 2 ** 32;
}
