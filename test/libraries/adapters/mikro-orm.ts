/** MikroORM 6: Knex inside, with its own pool of single clients. */
import {
  EntitySchema,
  IsolationLevel,
  MikroORM,
  type EntityManager,
  type EventSubscriber,
} from '@mikro-orm/postgresql';
import type { App, Open, Queries, Transaction } from '../library.ts';

class User {
  id!: number;
  name!: string;
}

const userSchema = new EntitySchema<User>({
  class: User,
  tableName: 'users',
  properties: { id: { type: 'integer', primary: true }, name: { type: 'text', unique: true } },
});

const LEVELS = {
  'read committed': IsolationLevel.READ_COMMITTED,
  serializable: IsolationLevel.SERIALIZABLE,
};

const hooks = new WeakMap<object, () => unknown>();

const afterCommit: EventSubscriber = {
  async afterTransactionCommit({ transaction }) {
    await hooks.get(transaction as object)?.();
  },
};

export const open: Open = async (clientUrl) => {
  const orm = await MikroORM.init({
    clientUrl,
    entities: [userSchema],
    subscribers: [afterCommit],
  });
  return {
    ...queriesOf(() => orm.em.fork()),
    transaction: (work, { isolation, readOnly } = {}) =>
      orm.em.fork().transactional((em) => work(transactionOf(em)), {
        ...(isolation && { isolationLevel: LEVELS[isolation] }),
        ...(readOnly && { readOnly }),
      }),
    close: () => orm.close(),
  } satisfies App;
};

function queriesOf(em: () => EntityManager): Queries {
  return {
    insert: (name) => em().insert(User, { name }),
    names: async () => {
      const users = await em().find(
        User,
        {},
        { orderBy: { name: 'asc' }, disableIdentityMap: true },
      );
      return users.map(({ name }) => name);
    },
    execute: (sql) => em().execute(sql),
  };
}

function transactionOf(em: EntityManager): Transaction {
  return {
    ...queriesOf(() => em),
    nested: (work) => em.transactional((inner) => work(transactionOf(inner))),
    afterCommit: (hook) => {
      hooks.set(em.getTransactionContext<object>() as object, hook);
    },
  };
}
