/** Slonik: its own pool of single clients. */
import {
  createPool,
  sql,
  type CommonQueryMethods,
  type DatabaseTransactionConnection,
} from 'slonik';
import { setTransaction, type App, type Open, type Queries, type Transaction } from '../library.ts';

export const open: Open = async (connectionString) => {
  const pool = await createPool(connectionString);
  return {
    ...queriesOf(pool),
    transaction: (work, modes = {}) =>
      pool.transaction(async (transaction) => {
        const set = setTransaction(modes);
        if (set) await transaction.query(unsafe(set));
        return work(transactionOf(transaction));
      }),
    stream: async () => {
      const names: string[] = [];
      await pool.stream(sql.unsafe`SELECT name FROM users ORDER BY name`, (stream) => {
        stream.on('data', ({ data, fields }) => {
          names.push(`${fields.map(({ name }) => name).join()}: ${(data as User).name}`);
        });
      });
      return names;
    },
    close: () => pool.end(),
  } satisfies App;
};

interface User {
  readonly name: string;
}

/** A text as it stands; Slonik takes only template literals. */
function unsafe(text: string) {
  return sql.unsafe(Object.assign([text], { raw: Object.freeze([text]) }));
}

function queriesOf(on: CommonQueryMethods): Queries {
  return {
    insert: (name) => on.query(sql.unsafe`INSERT INTO users (name) VALUES (${name})`),
    names: async () => {
      const users = await on.any(sql.unsafe`SELECT name FROM users ORDER BY name`);
      return users.map(({ name }: User) => name);
    },
    execute: (text) => on.query(unsafe(text)),
  };
}

function transactionOf(transaction: DatabaseTransactionConnection): Transaction {
  return {
    ...queriesOf(transaction),
    nested: (work) => transaction.transaction((inner) => work(transactionOf(inner))),
  };
}
