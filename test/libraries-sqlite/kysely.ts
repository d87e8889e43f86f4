/** Kysely: `SqliteDialect` over the app's own handle. */
import { Kysely, sql, SqliteDialect, type Generated, type Transaction } from 'kysely';
import { Stop, type Open, type Queries } from './library.ts';

interface Tables {
  users: { id: Generated<number>; name: string };
}

export const open: Open = (handle) => {
  const db = new Kysely<Tables>({ dialect: new SqliteDialect({ database: handle }) });
  return {
    ...queriesOf(db),
    transaction: (names, end, inner) =>
      db.transaction().execute(async (trx) => {
        for (const name of names) await queriesOf(trx).insert(name);
        await inner?.(queriesOf(trx));
        if (end === 'throw') throw new Stop();
      }),
    nested: (outer, inner, end) =>
      db.transaction().execute(async (trx) => {
        await queriesOf(trx).insert(outer);
        await nested(trx, inner, end).catch(() => 'undone');
      }),
  };
};

async function nested(trx: Transaction<Tables>, name: string, end: string): Promise<void> {
  await sql`savepoint app`.execute(trx);
  await queriesOf(trx).insert(name);
  if (end === 'commit') {
    await sql`release app`.execute(trx);
    return;
  }
  await sql`rollback to app`.execute(trx);
  throw new Stop();
}

function queriesOf(db: Kysely<Tables>): Queries {
  return {
    insert: (name) => db.insertInto('users').values({ name }).returning('name').execute(),
    names: async () => {
      const rows = await db.selectFrom('users').select('name').orderBy('name').execute();
      return rows.map(({ name }) => name);
    },
    execute: (text) => sql.raw(text).execute(db),
  };
}
