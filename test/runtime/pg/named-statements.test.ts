/** Named statements outlive transactions on the server; what they were prepared over may not. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type pg from 'pg';
import { openSandbox } from '../../../runtime/src/pg/sandbox.ts';
import { captureTrace } from '../../../runtime/src/trace.ts';
import { openedFor } from './support/sandbox.ts';

const allTags = { name: 'all-tags', text: 'select * from tags' };

/** What makes the table of a test, and the columns it then has. */
const SCHEMAS: readonly (readonly [schema: string, columns: readonly string[]])[] = [
  ['create table tags (name text)', ['name']],
  ['create table tags (name text, colour text)', ['name', 'colour']],
  ['create type mood as enum (); create table tags (id int, mood mood)', ['id', 'mood']],
  ['create temp table tags (name text)', ['name']],
  ['create view tags as select 1 as one', ['one']],
];

test('a statement is prepared anew in each test, over tables that were rolled back with the last', async (t) => {
  const { connections } = await openedFor(t, { schema: '' });
  for (const [schema, columns] of [...SCHEMAS, ...SCHEMAS]) {
    const sandbox = openSandbox({
      name: t.name,
      opened: captureTrace(),
      checkout: () => connections.connect(),
      giveBack: (client, error) => {
        client.release(error);
      },
    });
    await sandbox.pool.query(schema);
    for (const _ of ['first', 'again']) {
      const { fields } = await sandbox.pool.query(allTags);
      assert.deepEqual(
        fields.map(({ name }) => name),
        columns,
      );
    }
    await sandbox.close();
    assert.equal(connections.totalCount, 1);
  }
});

test('a statement that its own test changes the table under fails as it does for real', async (t) => {
  const { pool } = await openedFor(t);
  await pool.query('create table tags (name text)');
  const client = await pool.connect();
  try {
    await client.query(allTags);
    await client.query('alter table tags add column colour text');
    await assert.rejects(client.query(allTags), { code: '0A000' });
  } finally {
    client.release();
  }
});

/** Of a client in no transaction: what the sandbox answers by itself, and the rest of its transaction. */
const ANSWERED_BY_THE_SANDBOX: readonly (readonly [text: string, afterwards: string])[] = [
  ['begin', 'rollback'],
  ['commit', ''],
  ['start transaction isolation level read uncommitted', 'rollback'],
  ['set transaction read only', ''],
  ['savepoint one', ''],
  ['lock table users', ''],
  ['declare c cursor for select 1', ''],
  ['select pg_try_advisory_lock(1)', ''],
];

test('the driver remembers a name also where the sandbox answers in the place of the server', async (t) => {
  const { pool } = await openedFor(t);
  const client = await pool.connect();
  const other = await pool.connect();
  await other.query('select pg_advisory_lock(1)');
  try {
    for (const [text, afterwards] of ANSWERED_BY_THE_SANDBOX) {
      const name = `named ${text}`;
      const first = await client.query({ name, text }).catch((error: unknown) => error);
      await client.query(afterwards);
      await assert.rejects(client.query({ name, text: 'select 1' }), {
        message: `Prepared statements must be unique - '${name}' was used for a different statement`,
      });
      const again = await client.query({ name, text }).catch((error: unknown) => error);
      assert.equal((again as pg.QueryResult).command, (first as pg.QueryResult).command, text);
      await client.query(afterwards);
    }
  } finally {
    other.release();
    client.release();
  }
});

test('the name of a query is not given to a transaction statement', async (t) => {
  const { pool } = await openedFor(t);
  const client = await pool.connect();
  try {
    await client.query({ name: 'one', text: 'select 1' });
    await assert.rejects(client.query({ name: 'one', text: 'begin' }), {
      message: "Prepared statements must be unique - 'one' was used for a different statement",
    });
    assert.equal(client.getTransactionStatus(), 'I');
    const { rows } = await client.query({ name: 'one', text: 'select 1' });
    assert.equal(rows.length, 1);
  } finally {
    client.release();
  }
});
