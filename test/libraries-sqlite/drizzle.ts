/** Drizzle over better-sqlite3: synchronous, its transactions too. */
import { asc, sql } from 'drizzle-orm';
import { drizzle, type BetterSQLite3Database } from 'drizzle-orm/better-sqlite3';
import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core';
import { Stop, type Open, type Queries } from './library.ts';

const users = sqliteTable('users', {
  id: integer('id').primaryKey(),
  name: text('name').notNull(),
});

type Asks = Pick<BetterSQLite3Database, 'insert' | 'select' | 'run'>;

export const open: Open = (handle) => {
  const db = drizzle(handle);
  const insertInto = (asks: Asks, name: string) => asks.insert(users).values({ name }).run();
  return {
    ...queriesOf(db),
    transaction: (names, end, inner) =>
      promised(() =>
        db.transaction((tx) => {
          for (const name of names) insertInto(tx, name);
          if (end === 'throw') throw new Stop();
          // Asynchronous work in it is what the driver refuses.
          return inner?.(queriesOf(tx));
        }),
      ),
    nested: (outer, inner, end) =>
      promised(() => {
        db.transaction((tx) => {
          insertInto(tx, outer);
          try {
            tx.transaction((nested) => {
              insertInto(nested, inner);
              if (end === 'throw') throw new Stop();
            });
          } catch {
            // Undone.
          }
        });
      }),
  };
};

function queriesOf(db: Asks): Queries {
  return {
    insert: (name) => promised(() => db.insert(users).values({ name }).returning().all()),
    names: () =>
      promised(() =>
        db
          .select({ name: users.name })
          .from(users)
          .orderBy(asc(users.name))
          .all()
          .map(({ name }) => name),
      ),
    execute: (text) => promised(() => db.run(sql.raw(text))),
  };
}

function promised<T>(work: () => T): Promise<Awaited<T>> {
  return new Promise((resolve) => {
    resolve(work() as Awaited<T>);
  });
}
