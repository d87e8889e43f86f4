/** The store on SQLite: the same promises, another database. */
import Database from 'better-sqlite3';
import { EmailTaken, type Store, type Tag, type User } from './store.ts';

export const schema = `
  CREATE TABLE tags (name TEXT PRIMARY KEY, uses INTEGER NOT NULL DEFAULT 1) STRICT;
  CREATE TABLE users (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    email TEXT NOT NULL UNIQUE
  ) STRICT;
`;

export function sqliteStore(db: Database.Database): Store {
  const useTag = db.prepare<[string], Tag>(
    'INSERT INTO tags (name) VALUES (?) ON CONFLICT (name) DO UPDATE SET uses = uses + 1 RETURNING name, uses',
  );
  const useAll = db.transaction((names: readonly string[]) =>
    names.map((name) => useTag.get(name) as Tag),
  );
  return {
    useTags: async (names) => useAll(names),
    listTags: async () => db.prepare<[], Tag>('SELECT name, uses FROM tags ORDER BY name').all(),
    async createUser({ name, email }) {
      try {
        return db
          .prepare<[string, string], User>(
            'INSERT INTO users (name, email) VALUES (?, ?) RETURNING id, name, email',
          )
          .get(name, email) as User;
      } catch (error) {
        if (error instanceof Database.SqliteError && error.code === 'SQLITE_CONSTRAINT_UNIQUE') {
          throw new EmailTaken(`${email} is taken`);
        }
        throw error;
      }
    },
    findUser: async (id) =>
      db.prepare<[number], User>('SELECT id, name, email FROM users WHERE id = ?').get(id),
    listUsers: async () =>
      db.prepare<[], User>('SELECT id, name, email FROM users ORDER BY id').all(),
  };
}
