/** The driver by itself, as most apps without a library use it. */
import pg from 'pg';
import Cursor from 'pg-cursor';
import { setTransaction, type Open, type Queries, type Transaction } from '../library.ts';

export const open: Open = (connectionString) => {
  const pool = new pg.Pool({ connectionString });
  return {
    ...queriesOf(pool),
    pool,
    transaction: async (work, modes = {}) => {
      const client = await pool.connect();
      try {
        await client.query('BEGIN');
        const set = setTransaction(modes);
        if (set) await client.query(set);
        const answer = await work(transactionOf(client, 1));
        await client.query('COMMIT');
        return answer;
      } catch (error) {
        await client.query('ROLLBACK');
        throw error;
      } finally {
        client.release();
      }
    },
    stream: async () => {
      const client = await pool.connect();
      const cursor = client.query(new Cursor<User>('SELECT name FROM users ORDER BY name'));
      const names: string[] = [];
      for (let [row] = await cursor.read(1); row; [row] = await cursor.read(1))
        names.push(row.name);
      await cursor.close();
      client.release();
      return names;
    },
    prepared: async (value) => {
      const text = 'SELECT name FROM users WHERE name = $1';
      const { rows } = await pool.query<User>({ name: 'by-name', text, values: [value] });
      return rows.map(({ name }) => name);
    },
    close: () => pool.end(),
  };
};

interface User {
  readonly name: string;
}

function queriesOf(on: pg.Pool | pg.PoolClient): Queries {
  return {
    insert: (name) => on.query('INSERT INTO users (name) VALUES ($1)', [name]),
    names: async () => {
      const { rows } = await on.query<User>('SELECT name FROM users ORDER BY name');
      return rows.map(({ name }) => name);
    },
    execute: (sql) => on.query(sql),
  };
}

function transactionOf(client: pg.PoolClient, depth: number): Transaction {
  return {
    ...queriesOf(client),
    nested: async (work) => {
      const savepoint = `app_${depth}`;
      await client.query(`SAVEPOINT ${savepoint}`);
      try {
        const answer = await work(transactionOf(client, depth + 1));
        await client.query(`RELEASE SAVEPOINT ${savepoint}`);
        return answer;
      } catch (error) {
        await client.query(`ROLLBACK TO SAVEPOINT ${savepoint}`);
        throw error;
      }
    },
  };
}
