/**
 * The programme that libraries run: once on a database for real, once in the sandbox. A row answers
 * what the app sees; what is right is what the real database said.
 */
import assert from 'node:assert/strict';
import { setTimeout } from 'node:timers/promises';
import type { App, Transaction } from './library.ts';
import { given, outcome } from './outcome.ts';

export interface Programme<Subject> {
  readonly rows: readonly Row<Subject>[];
  /** Brings a database back to what the schema made; only the real one needs it. */
  readonly reset: string;
  /** What a test does that runs at the same time as others. @throws when it meets them */
  readonly alone?: (subject: Subject, name: string) => Promise<void>;
}

export interface Row<Subject> {
  readonly title: string;
  /** @throws Missing where the library has no such thing */
  readonly run: (subject: Subject) => Promise<unknown>;
  /** The hazard that the sandbox refuses it with. */
  readonly refused?: string;
}

export const SCHEMA = `
  CREATE TABLE users (id serial PRIMARY KEY, name text UNIQUE NOT NULL);
  CREATE TABLE posts (id serial PRIMARY KEY, author int REFERENCES users DEFERRABLE INITIALLY DEFERRED);
  INSERT INTO users (name) VALUES ('Root');
`;

class Stop extends Error {}

const stop = () => {
  throw new Stop('the app changed its mind');
};

async function insertAll(to: Pick<App, 'insert'>, ...names: readonly string[]): Promise<void> {
  for (const name of names) await to.insert(name);
}

/** Runs a transaction again, as many apps do when one failed. */
async function insertFirstFree(app: App, ...names: readonly string[]): Promise<string> {
  for (const name of names) {
    const done = await app
      .transaction(async (transaction) => {
        await transaction.insert(`${name}'s friend`);
        await transaction.insert(name);
        return true;
      })
      .catch(() => false);
    if (done) return name;
  }
  return 'none was free';
}

function nested<T>(outer: Transaction, work: (inner: Transaction) => Promise<T>): Promise<T> {
  return given(outer.nested)(work);
}

const ROWS: readonly Row<App>[] = [
  {
    title: 'a statement by itself',
    run: async (app) => {
      await app.insert('Ada');
      return app.names();
    },
  },
  {
    title: 'many statements at once',
    run: async (app) => {
      await Promise.all(['Ada', 'Bob', 'Cleo', 'Dora', 'Eve', 'Fay'].map(app.insert));
      return app.names();
    },
  },
  {
    title: 'a failed statement outside of a transaction',
    run: async (app) => {
      const failed = await outcome(() => insertAll(app, 'Root'));
      await app.insert('Ada');
      return [failed, await app.names()];
    },
  },
  {
    title: 'a statement that is no SQL',
    run: async (app) => [await outcome(() => app.execute('SELEC 1')), await app.names()],
  },
  {
    title: 'a transaction that commits',
    run: async (app) => {
      const seen = await app.transaction(async (transaction) => {
        await insertAll(transaction, 'Ada', 'Bob');
        return transaction.names();
      });
      return [seen, await app.names()];
    },
  },
  {
    title: 'a transaction that throws',
    run: async (app) => [
      await outcome(() =>
        app.transaction(async (transaction) => {
          await transaction.insert('Ada');
          stop();
        }),
      ),
      await app.names(),
    ],
  },
  {
    title: 'a transaction that fails in a statement',
    run: async (app) => [
      await outcome(() => app.transaction((transaction) => insertAll(transaction, 'Ada', 'Root'))),
      await app.names(),
    ],
  },
  {
    title: 'a transaction that goes on after a failed statement',
    run: async (app) => [
      await outcome(() =>
        app.transaction(async (transaction) => {
          await outcome(() => insertAll(transaction, 'Root'));
          await transaction.insert('Ada');
        }),
      ),
      await app.names(),
    ],
  },
  {
    title: 'a transaction that commits after a failed statement',
    run: async (app) => [
      await outcome(() =>
        app.transaction(async (transaction) => {
          await transaction.insert('Ada');
          await outcome(() => insertAll(transaction, 'Root'));
        }),
      ),
      await app.names(),
    ],
  },
  {
    title: 'a transaction that is tried again',
    run: async (app) => [await insertFirstFree(app, 'Root', 'Ada'), await app.names()],
  },
  {
    title: 'a deferred constraint that fails at COMMIT',
    run: async (app) => [
      await outcome(() =>
        app.transaction(async (transaction) => {
          await transaction.insert('Ada');
          await transaction.execute('INSERT INTO posts (author) VALUES (-1)');
        }),
      ),
      await app.names(),
    ],
  },
  {
    title: 'a nested transaction that commits',
    run: async (app) => {
      await app.transaction(async (outer) => {
        await outer.insert('Ada');
        await nested(outer, (inner) => inner.insert('Bob'));
        await outer.insert('Cleo');
      });
      return app.names();
    },
  },
  {
    title: 'a nested transaction that throws, in one that commits',
    run: async (app) => {
      const inner = await app.transaction(async (outer) => {
        await outer.insert('Ada');
        const failed = await outcome(() => nested(outer, (it) => it.insert('Bob').then(stop)));
        await outer.insert('Cleo');
        return failed;
      });
      return [inner, await app.names()];
    },
  },
  {
    title: 'a nested transaction that fails in a statement, in one that commits',
    run: async (app) => {
      const inner = await app.transaction(async (outer) => {
        await outer.insert('Ada');
        const failed = await outcome(() => nested(outer, (it) => insertAll(it, 'Bob', 'Root')));
        await outer.insert('Cleo');
        return failed;
      });
      return [inner, await app.names()];
    },
  },
  {
    title: 'a nested transaction that commits, in one that throws',
    run: async (app) => {
      const outcomes = await outcome(() =>
        app.transaction(async (outer) => {
          await nested(outer, (inner) => inner.insert('Ada'));
          stop();
        }),
      );
      return [outcomes, await app.names()];
    },
  },
  {
    title: 'three levels of nesting',
    run: async (app) => {
      await app.transaction(async (first) => {
        await first.insert('Ada');
        await nested(first, async (second) => {
          await second.insert('Bob');
          await outcome(() => nested(second, (third) => third.insert('Cleo').then(stop)));
          await nested(second, (third) => third.insert('Dora'));
        });
      });
      return app.names();
    },
  },
  {
    title: 'the isolation level that the server has anyway',
    run: async (app) => {
      await app.transaction((transaction) => transaction.insert('Ada'), {
        isolation: 'read committed',
      });
      return app.names();
    },
  },
  {
    title: 'a stronger isolation level',
    refused: 'no-sandboxed-concurrency-test',
    run: (app) =>
      outcome(() =>
        app.transaction((transaction) => transaction.names(), { isolation: 'serializable' }),
      ),
  },
  {
    title: 'a transaction that only reads',
    run: async (app) => {
      const read = await app.transaction((transaction) => transaction.names(), { readOnly: true });
      const written = await outcome(() =>
        app.transaction((transaction) => insertAll(transaction, 'Ada'), { readOnly: true }),
      );
      await app.transaction((transaction) => transaction.insert('Bob'));
      return [read, written, await app.names()];
    },
  },
  {
    title: 'transactions at once',
    run: async (app) => {
      const outcomes = await Promise.all(
        ['Ada', 'Bob', 'Cleo', 'Dora'].map((name, index) =>
          outcome(() =>
            app.transaction(async (transaction) => {
              await transaction.insert(name);
              // Lets the others in between.
              await setTimeout(0);
              await transaction.insert(`${name} II`);
              if (index % 2 === 1) stop();
              return (await transaction.names()).filter((each) => each.startsWith(name));
            }),
          ),
        ),
      );
      return [outcomes, await app.names()];
    },
  },
  {
    title: 'transactions and single statements at once',
    run: async (app) => {
      await Promise.all([
        app.transaction((transaction) => insertAll(transaction, 'Ada', 'Bob')),
        app.insert('Cleo'),
        app.transaction((transaction) => insertAll(transaction, 'Dora', 'Eve')),
        app.insert('Fay'),
      ]);
      return app.names();
    },
  },
  {
    title: 'the pool asked inside a transaction',
    refused: 'no-nested-checkout',
    run: (app) =>
      outcome(() =>
        app.transaction(async (transaction) => {
          await transaction.insert('Ada');
          return app.names();
        }),
      ),
  },
  {
    title: 'the pool asked at once inside a transaction',
    refused: 'no-nested-checkout',
    run: (app) => outcome(() => app.transaction(() => app.names())),
  },
  {
    title: 'a transaction in a transaction that does not know of it',
    refused: 'no-nested-checkout',
    run: (app) =>
      outcome(() =>
        app.transaction(async (transaction) => {
          await transaction.insert('Ada');
          return app.transaction((other) => other.names());
        }),
      ),
  },
  {
    title:
      'the pool asked beside a transaction, by code that was begun before it, after it and by it',
    run: async (app) => {
      let begin = () => {};
      const begun = new Promise<void>((resolve) => (begin = resolve));
      const during = async (name: string) => {
        await begun;
        await setTimeout(1);
        await app.insert(name);
      };
      const before = during('Before');
      const transaction = app.transaction(async (transaction) => {
        await transaction.insert('Ada');
        begin();
        await setTimeout(50);
        await transaction.insert('Bob');
      });
      await Promise.all([before, transaction, during('After'), app.insert('Cleo')]);
      return app.names();
    },
  },
  {
    title: 'rows one by one',
    run: async (app) => {
      const stream = given(app.stream);
      for (const letter of 'abcdefgh') await app.insert(letter);
      const streamed = await stream();
      await app.insert('z');
      return [streamed, await app.names()];
    },
  },
  {
    title: 'a prepared statement',
    run: async (app) => {
      const prepared = given(app.prepared);
      await app.insert('Ada');
      return [await prepared('Ada'), await prepared('Bob'), await prepared('Root')];
    },
  },
  {
    title: 'a hook after COMMIT',
    run: async (app) => {
      const seen: string[][] = [];
      await new Promise<void>((called, failed) => {
        app
          .transaction(async (transaction) => {
            given(transaction.afterCommit)(async () => {
              seen.push(await app.names());
              called();
            });
            await transaction.insert('Ada');
          })
          .catch(failed);
      });
      await outcome(() =>
        app.transaction(async (transaction) => {
          given(transaction.afterCommit)(() => void seen.push(['never']));
          await transaction.insert('Bob');
          stop();
        }),
      );
      return [seen, await app.names()];
    },
  },
];

export const TRANSACTIONS: Programme<App> = {
  rows: ROWS,
  reset: `TRUNCATE users, posts; INSERT INTO users (name) VALUES ('Root')`,
  alone: async (app, name) => {
    await app.insert(name);
    await app.transaction(async (transaction) => {
      await transaction.insert(`${name} II`);
      assert.deepEqual(await transaction.names(), [name, `${name} II`, 'Root'].sort());
    });
    await assert.rejects(app.insert(name));
    assert.deepEqual(await app.names(), [name, `${name} II`, 'Root'].sort());
  },
};
