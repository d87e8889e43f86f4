/** What the app needs of a database. Two stores keep this promise: PostgreSQL and SQLite. */
export interface Tag {
  readonly name: string;
  readonly uses: number;
}

export interface User {
  readonly id: number;
  readonly name: string;
  readonly email: string;
}

export interface Store {
  /** Adds tags that are new and counts one more use of those that are not: all of them, or none. */
  useTags(names: readonly string[]): Promise<Tag[]>;
  listTags(): Promise<Tag[]>;
  /** @throws EmailTaken when another user has this address */
  createUser(user: { name: string; email: string }): Promise<User>;
  findUser(id: number): Promise<User | undefined>;
  listUsers(): Promise<User[]>;
}

export class EmailTaken extends Error {
  override readonly name = 'EmailTaken';
}
