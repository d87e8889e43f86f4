/** pg-promise: a `pg.Pool` of the copy of pg that it brings, shown as `$pool`. */
import type pg from 'pg';
import QueryStream from 'pg-query-stream';
import pgPromise, { type ITask } from 'pg-promise';
import type { App, Open, Queries, Transaction } from '../library.ts';

const LEVELS = {
  'read committed': pgPromise.txMode.isolationLevel.readCommitted,
  serializable: pgPromise.txMode.isolationLevel.serializable,
};

export const open: Open = (connectionString) => {
  const db = pgPromise()(connectionString);
  const byName = new pgPromise.PreparedStatement({
    name: 'by-name',
    text: 'SELECT name FROM users WHERE name = $1',
  });
  const app: App = {
    ...queriesOf(db),
    pool: db.$pool as unknown as pg.Pool,
    transaction: (work, { isolation, readOnly } = {}) => {
      const mode = new pgPromise.txMode.TransactionMode({
        ...(isolation && { tiLevel: LEVELS[isolation] }),
        ...(readOnly && { readOnly }),
      });
      return db.tx({ mode }, (task) => work(transactionOf(task)));
    },
    stream: async () => {
      const names: string[] = [];
      await db.stream(new QueryStream('SELECT name FROM users ORDER BY name'), (stream) => {
        stream.on('data', ({ name }: { name: string }) => void names.push(name));
      });
      return names;
    },
    prepared: (value) => db.map(byName, [value], ({ name }: { name: string }) => name),
    close: () => db.$pool.end(),
  };
  return app;
};

function queriesOf(db: Pick<ITask<object>, 'none' | 'map' | 'any'>): Queries {
  return {
    insert: (name) => db.none('INSERT INTO users (name) VALUES ($1)', [name]),
    names: () =>
      db.map('SELECT name FROM users ORDER BY name', [], ({ name }: { name: string }) => name),
    execute: (sql) => db.any(sql),
  };
}

function transactionOf(task: ITask<object>): Transaction {
  return {
    ...queriesOf(task),
    nested: (work) => task.tx((inner) => work(transactionOf(inner))),
  };
}
