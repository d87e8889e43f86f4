/** Sequelize: its own pool of single clients. */
import {
  DataTypes,
  Sequelize,
  Transaction as SequelizeTransaction,
  type Model,
  type ModelStatic,
} from 'sequelize';
import {
  setTransaction,
  type App,
  type Open,
  type Queries,
  type Transaction,
  type TransactionModes,
} from '../library.ts';

type User = Model & { name: string };

const LEVELS = {
  'read committed': SequelizeTransaction.ISOLATION_LEVELS.READ_COMMITTED,
  serializable: SequelizeTransaction.ISOLATION_LEVELS.SERIALIZABLE,
};

export const open: Open = (connectionString) => {
  const db = new Sequelize(connectionString, { dialect: 'postgres', logging: false });
  const users = db.define<User>(
    'User',
    { name: { type: DataTypes.TEXT } },
    { tableName: 'users', timestamps: false },
  );
  const app: App = {
    ...queriesOf(db, users),
    transaction: (work, modes = {}) =>
      db.transaction(isolationOf(modes), async (transaction) => {
        // Its option `readOnly` only chooses a replica.
        const set = setTransaction({ readOnly: modes.readOnly });
        if (set) await db.query(set, { transaction });
        return work(transactionOf(db, users, transaction));
      }),
    close: () => db.close(),
  };
  return app;
};

function isolationOf({ isolation }: TransactionModes) {
  return isolation ? { isolationLevel: LEVELS[isolation] } : {};
}

function queriesOf(
  db: Sequelize,
  users: ModelStatic<User>,
  transaction: SequelizeTransaction | null = null,
): Queries {
  return {
    insert: (name) => users.create({ name }, { transaction }),
    names: async () => {
      const found = await users.findAll({ order: ['name'], transaction });
      return found.map(({ name }) => name);
    },
    execute: (sql) => db.query(sql, { transaction }),
  };
}

function transactionOf(
  db: Sequelize,
  users: ModelStatic<User>,
  transaction: SequelizeTransaction,
): Transaction {
  return {
    ...queriesOf(db, users, transaction),
    nested: (work) =>
      db.transaction({ transaction }, (inner) => work(transactionOf(db, users, inner))),
    afterCommit: (hook) => {
      transaction.afterCommit(() => void hook());
    },
  };
}
