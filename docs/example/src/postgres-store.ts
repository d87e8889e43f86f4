/** The store on PostgreSQL. It opens its own transactions and knows nothing of tests. */
import pg from 'pg';
import { EmailTaken, type Store, type Tag, type User } from './store.ts';

export const schema = `
  CREATE TABLE tags (name text PRIMARY KEY, uses integer NOT NULL DEFAULT 1);
  CREATE TABLE users (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL,
    email text NOT NULL UNIQUE
  );
  CREATE TABLE audit (at timestamptz NOT NULL DEFAULT clock_timestamp(), entry text NOT NULL);
`;

const UNIQUE_VIOLATION = '23505';

export function postgresStore(pool: pg.Pool): Store {
  return {
    async useTags(names) {
      const client = await pool.connect();
      try {
        await client.query('BEGIN');
        const tags: Tag[] = [];
        for (const name of names) {
          const { rows } = await client.query<Tag>(
            `INSERT INTO tags (name) VALUES ($1)
             ON CONFLICT (name) DO UPDATE SET uses = tags.uses + 1
             RETURNING name, uses`,
            [name],
          );
          tags.push(...rows);
        }
        await client.query('COMMIT');
        return tags;
      } catch (error) {
        await client.query('ROLLBACK');
        throw error;
      } finally {
        client.release();
      }
    },

    async listTags() {
      const { rows } = await pool.query<Tag>('SELECT name, uses FROM tags ORDER BY name');
      return rows;
    },

    async createUser({ name, email }) {
      const client = await pool.connect();
      try {
        await client.query('BEGIN');
        const { rows } = await client.query<User>(
          'INSERT INTO users (name, email) VALUES ($1, $2) RETURNING id, name, email',
          [name, email],
        );
        await client.query('INSERT INTO audit (entry) VALUES ($1)', [`created ${email}`]);
        await client.query('COMMIT');
        return rows[0] as User;
      } catch (error) {
        await client.query('ROLLBACK');
        if (error instanceof pg.DatabaseError && error.code === UNIQUE_VIOLATION) {
          await client.query('INSERT INTO audit (entry) VALUES ($1)', [`refused ${email}`]);
          throw new EmailTaken(`${email} is taken`);
        }
        throw error;
      } finally {
        client.release();
      }
    },

    async findUser(id) {
      const { rows } = await pool.query<User>('SELECT id, name, email FROM users WHERE id = $1', [
        id,
      ]);
      return rows[0];
    },

    async listUsers() {
      const { rows } = await pool.query<User>('SELECT id, name, email FROM users ORDER BY id');
      return rows;
    },
  };
}
