/** A small suite as users have it, on the embedded server: what is killed, and what comes after. */
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const RUNTIME = fileURLToPath(new URL('../../../runtime', import.meta.url));

const DATABASE = `
import { postgres } from 'savepoint/pg';
export const db = postgres({
  migrate: "create table users (id serial primary key, name text unique); insert into users (name) values ('Ada')",
});
export const failing = postgres({ migrate: 'select pg_sleep(0.1); select 1 / 0' });
`;

/** Rolled back and cloned, with moments between in which it can be killed. */
const FILE = `
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { db } from './db.mjs';

const role = 'killed_' + process.pid;
for (const round of [1, 2, 3]) {
  test('rolled back ' + round, async (t) => {
    const pool = await db.rollback(t);
    await pool.query("insert into users (name) values ('Bob')");
    const client = await pool.connect();
    await client.query('begin');
    await client.query('create role ' + role);
    await client.query('select pg_sleep(0.02)');
    await client.query('commit');
    client.release();
    assert.equal((await pool.query('select * from users')).rowCount, 2);
  });
  test('cloned ' + round, async (t) => {
    const pool = await db.clone(t);
    await pool.query("insert into users (name) values ('Bob')");
    await Promise.all([1, 2].map(() => pool.query('select pg_sleep(0.02)')));
    assert.equal((await pool.query('select * from users')).rowCount, 2);
  });
}
`;

/** Waits for migrations that fail, or is at them. */
const FAILING = `
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { failing } from './db.mjs';

test('cannot be migrated', async (t) => {
  await assert.rejects(failing.rollback(t), /division by zero/);
});
`;

/** Looks around on the server, says what it saw, and stays until it is let go. */
const LOOK = `
import { appendFileSync, existsSync } from 'node:fs';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { db } from './db.mjs';

const started = new Date(Date.now() - 1000 * process.uptime());

test('looks around', async (t) => {
  const pool = await db.rollback(t);
  const names = async (sql, values) => (await pool.query(sql, values)).rows.map(({ name }) => name);
  const look = async () => ({
    databases: await names('select datname as name from pg_database order by 1'),
    roles: await names("select rolname as name from pg_roles where rolname not like 'pg\\\\_%' order by 1"),
    sessions: await names(
      "select query as name from pg_stat_activity where backend_type = 'client backend' and backend_start < $1",
      [started],
    ),
    rows: await names('select name from users order by 1'),
  });
  // Sent until the answer is wanted no more: what a killed process ran ends when the server notices.
  while (!existsSync('enough')) {
    appendFileSync('looks.log', JSON.stringify(await look()) + '\\n');
    await delay(100);
  }
});
`;

/** What a process in the next run sees on the server. */
export interface Seen {
  readonly databases: readonly string[];
  readonly roles: readonly string[];
  /** Statements of sessions that are older than the process that looks. */
  readonly sessions: readonly string[];
  readonly rows: readonly string[];
}

const FAILING_FILES = ['failing.test.mjs', 'failing-too.test.mjs'];
const PASSING_FILES = ['one.test.mjs', 'another.test.mjs', 'a-third.test.mjs'];
export const FILES = [...FAILING_FILES, ...PASSING_FILES];
export const LOOKING = 'look.mjs';

export function writeSuite(folder: string): void {
  mkdirSync(join(folder, 'node_modules'), { recursive: true });
  symlinkSync(RUNTIME, join(folder, 'node_modules', 'savepoint'), 'junction');
  writeFileSync(join(folder, 'package.json'), '{}');
  writeFileSync(join(folder, 'db.mjs'), DATABASE);
  for (const name of PASSING_FILES) writeFileSync(join(folder, name), FILE);
  for (const name of FAILING_FILES) writeFileSync(join(folder, name), FAILING);
  writeFileSync(join(folder, LOOKING), LOOK);
}
