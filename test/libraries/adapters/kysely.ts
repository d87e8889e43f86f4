/** Kysely: `PostgresDialect` over the app's own `pg.Pool`. */
import { Kysely, PostgresDialect, sql, type Generated, type Transaction as Trx } from 'kysely';
import pg from 'pg';
import Cursor from 'pg-cursor';
import type { App, Open, Queries, Transaction } from '../library.ts';

interface Database {
  users: { id: Generated<number>; name: string };
}

export const open: Open = (connectionString) => {
  const pool = new pg.Pool({ connectionString });
  const db = new Kysely<Database>({ dialect: new PostgresDialect({ pool, cursor: Cursor }) });
  const app: App = {
    ...queriesOf(db),
    pool,
    transaction: (work, { isolation, readOnly } = {}) => {
      let transaction = db.transaction();
      if (isolation) transaction = transaction.setIsolationLevel(isolation);
      if (readOnly) transaction = transaction.setAccessMode('read only');
      return transaction.execute((trx) => work(transactionOf(trx, 1)));
    },
    stream: async () => {
      const names: string[] = [];
      for await (const { name } of db.selectFrom('users').select('name').orderBy('name').stream())
        names.push(name);
      return names;
    },
    close: () => db.destroy(),
  };
  return app;
};

function queriesOf(db: Kysely<Database>): Queries {
  return {
    insert: (name) => db.insertInto('users').values({ name }).execute(),
    names: async () => {
      const rows = await db.selectFrom('users').select('name').orderBy('name').execute();
      return rows.map(({ name }) => name);
    },
    execute: (text) => sql.raw(text).execute(db),
  };
}

function transactionOf(trx: Trx<Database>, depth: number): Transaction {
  return {
    ...queriesOf(trx),
    nested: async (work) => {
      const savepoint = sql.id(`app_${depth}`);
      await sql`savepoint ${savepoint}`.execute(trx);
      try {
        const answer = await work(transactionOf(trx, depth + 1));
        await sql`release savepoint ${savepoint}`.execute(trx);
        return answer;
      } catch (error) {
        await sql`rollback to savepoint ${savepoint}`.execute(trx);
        throw error;
      }
    },
  };
}
