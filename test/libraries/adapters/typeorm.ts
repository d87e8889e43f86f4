/** TypeORM: its driver makes a `pg.Pool` when the data source is initialised. */
import 'reflect-metadata';
import type pg from 'pg';
import {
  DataSource,
  EntitySchema,
  EventSubscriber,
  type EntityManager,
  type EntitySubscriberInterface,
} from 'typeorm';
import { setTransaction, type App, type Open, type Queries, type Transaction } from '../library.ts';

interface User {
  id: number;
  name: string;
}

// eslint-disable-next-line @typescript-eslint/no-unsafe-class-instance-assignment -- as TypeORM documents it
const UserEntity = new EntitySchema<User>({
  name: 'User',
  tableName: 'users',
  columns: { id: { type: 'int', primary: true, generated: true }, name: { type: 'text' } },
});

type Hooks = { hook?: () => unknown };

class AfterCommit implements EntitySubscriberInterface {
  async afterTransactionCommit({ queryRunner }: { queryRunner: { data: object } }): Promise<void> {
    await (queryRunner.data as Hooks).hook?.();
  }
}
EventSubscriber()(AfterCommit);

export const open: Open = async (url) => {
  const source = new DataSource({
    type: 'postgres',
    url,
    entities: [UserEntity],
    subscribers: [AfterCommit],
  });
  await source.initialize();
  return {
    ...queriesOf(source.manager),
    pool: (source.driver as unknown as { master: pg.Pool }).master,
    transaction: (work, { isolation, readOnly } = {}) => {
      const run = async (manager: EntityManager) => {
        const set = setTransaction({ readOnly });
        if (set) await manager.query(set);
        return work(transactionOf(manager));
      };
      return isolation === undefined
        ? source.transaction(run)
        : source.transaction(isolation === 'serializable' ? 'SERIALIZABLE' : 'READ COMMITTED', run);
    },
    stream: async () => {
      const names: string[] = [];
      const rows = await source.manager
        .createQueryBuilder(UserEntity, 'user')
        .select('user.name', 'name')
        .orderBy('user.name')
        .stream();
      for await (const { name } of rows as AsyncIterable<{ name: string }>) names.push(name);
      return names;
    },
    close: () => source.destroy(),
  } satisfies App;
};

function queriesOf(manager: EntityManager): Queries {
  return {
    insert: (name) => manager.insert(UserEntity, { name }),
    names: async () => {
      const users = await manager.find(UserEntity, { order: { name: 'ASC' } });
      return users.map(({ name }) => name);
    },
    execute: (sql) => manager.query(sql),
  };
}

function transactionOf(manager: EntityManager): Transaction {
  return {
    ...queriesOf(manager),
    nested: (work) => manager.transaction((inner) => work(transactionOf(inner))),
    afterCommit: (hook) => {
      (manager.queryRunner?.data as Hooks).hook = hook;
    },
  };
}
