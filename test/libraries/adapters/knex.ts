/** Knex: with its own pool of single clients, and over the app's `pg.Pool`. */
import knex, { type Knex } from 'knex';
import pg from 'pg';
import type { App, Open, Queries, Transaction } from '../library.ts';

export const open: Open = (connectionString) =>
  appOf(knex({ client: 'pg', connection: connectionString }));

export const openOverPool: Open = (connectionString) => {
  const pool = new pg.Pool({ connectionString });
  const db = knex({ client: 'pg', connectionPool: pool });
  const close = async () => {
    await db.destroy();
    await pool.end();
  };
  // A stream over `connectionPool` releases its client twice.
  const { stream: _, ...app } = appOf(db);
  return { ...app, pool, close };
};

function appOf(db: Knex): App {
  return {
    ...queriesOf(db),
    transaction: (work, { isolation, readOnly } = {}) =>
      db.transaction((trx) => work(transactionOf(trx)), {
        ...(isolation && { isolationLevel: isolation }),
        ...(readOnly && { readOnly }),
      }),
    stream: async () => {
      const names: string[] = [];
      const rows = db('users').select('name').orderBy('name').stream();
      for await (const { name } of rows as AsyncIterable<{ name: string }>) names.push(name);
      return names;
    },
    prepared: async (value) => {
      const query = db('users').select('name').where({ name: value }).options({ name: 'by-name' });
      return ((await query) as { name: string }[]).map(({ name }) => name);
    },
    close: () => db.destroy(),
  };
}

function queriesOf(db: Knex): Queries {
  return {
    insert: (name) => Promise.resolve(db('users').insert({ name })),
    names: async () => db('users').orderBy('name').pluck<string[]>('name'),
    execute: (sql) => Promise.resolve(db.raw(sql)),
  };
}

function transactionOf(trx: Knex.Transaction): Transaction {
  return {
    ...queriesOf(trx),
    nested: (work) => trx.transaction((inner) => work(transactionOf(inner))),
    afterCommit: (hook) => {
      trx.executionPromise.then(hook, () => undefined);
    },
  };
}
