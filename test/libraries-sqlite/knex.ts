/** Knex on better-sqlite3, over a handle that it is given. */
import { createRequire } from 'node:module';
import type Database from 'better-sqlite3';
import knex, { type Knex } from 'knex';
import { Stop, type App, type Open, type Queries } from './library.ts';

/** Knex shows it, and has no types for it. */
const BetterSqlite3Client = createRequire(import.meta.url)(
  'knex/lib/dialects/better-sqlite3/index.js',
) as typeof Knex.Client;

export const open: Open = (handle) => {
  class OneHandle extends BetterSqlite3Client {
    override acquireRawConnection(): Promise<Database.Database> {
      return Promise.resolve(handle);
    }

    override destroyRawConnection(): Promise<void> {
      return Promise.resolve();
    }
  }
  return appOf(
    knex({
      client: OneHandle,
      connection: { filename: handle.name },
      useNullAsDefault: true,
    }),
  );
};

function appOf(db: Knex): App {
  return {
    ...queriesOf(db),
    transaction: (names, end, inner) =>
      db.transaction(async (trx) => {
        for (const name of names) await queriesOf(trx).insert(name);
        await inner?.(queriesOf(trx));
        if (end === 'throw') throw new Stop();
      }),
    nested: (outer, inner, end) =>
      db.transaction(async (trx) => {
        await queriesOf(trx).insert(outer);
        await trx
          .transaction(async (nested) => {
            await queriesOf(nested).insert(inner);
            if (end === 'throw') throw new Stop();
          })
          .catch(() => 'undone');
      }),
    close: () => db.destroy(),
  };
}

function queriesOf(db: Knex): Queries {
  return {
    insert: (name) => Promise.resolve(db('users').insert({ name }).returning('name')),
    names: async () => db('users').orderBy('name').pluck<string[]>('name'),
    execute: async (text) => {
      await db.raw(text);
    },
  };
}
