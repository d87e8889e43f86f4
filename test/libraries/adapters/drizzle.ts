/** Drizzle over node-postgres: it makes its own `pg.Pool`, which it shows as `$client`. */
import { asc, eq, sql } from 'drizzle-orm';
import { drizzle, type NodePgDatabase } from 'drizzle-orm/node-postgres';
import { pgTable, serial, text } from 'drizzle-orm/pg-core';
import type pg from 'pg';
import type { App, Open, Queries, Transaction } from '../library.ts';

const users = pgTable('users', { id: serial('id').primaryKey(), name: text('name').notNull() });

export const open: Open = (connectionString) => {
  const db = drizzle(connectionString);
  const byName = db
    .select({ name: users.name })
    .from(users)
    .where(eq(users.name, sql.placeholder('name')))
    .prepare('by_name');
  const app: App = {
    ...queriesOf(db),
    pool: db.$client,
    transaction: (work, { isolation, readOnly } = {}) =>
      db.transaction((tx) => work(transactionOf(tx)), {
        ...(isolation && { isolationLevel: isolation }),
        ...(readOnly && { accessMode: 'read only' }),
      }),
    prepared: async (name) => (await byName.execute({ name })).map((row) => row.name),
    close: () => db.$client.end(),
  };
  return app;
};

type Connection = Pick<NodePgDatabase, 'insert' | 'select' | 'execute' | 'transaction'>;

function queriesOf(db: Connection): Queries {
  return {
    insert: (name) => db.insert(users).values({ name }).execute(),
    names: async () => {
      const rows = await db.select().from(users).orderBy(asc(users.name));
      return rows.map(({ name }) => name);
    },
    execute: (query) => db.execute<pg.QueryResultRow>(sql.raw(query)),
  };
}

function transactionOf(tx: Connection): Transaction {
  return {
    ...queriesOf(tx),
    nested: (work) => tx.transaction((inner) => work(transactionOf(inner))),
  };
}
