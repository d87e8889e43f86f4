/** Prisma over `@prisma/adapter-pg`, which makes a `pg.Pool` or is given the app's. */
import { PrismaPg } from '@prisma/adapter-pg';
import pg from 'pg';
import { setTransaction, type App, type Open, type Queries } from '../library.ts';

/** The part of the generated client that is used here; it is generated when the tests run. */
interface Client {
  readonly user: {
    create(args: { data: { name: string } }): Promise<unknown>;
    findMany(args: { orderBy: { name: 'asc' } }): Promise<{ readonly name: string }[]>;
  };
  $executeRawUnsafe(sql: string): Promise<number>;
}
interface RootClient extends Client {
  $transaction<T>(
    work: (client: Client) => Promise<T>,
    options: { isolationLevel?: string },
  ): Promise<T>;
  $disconnect(): Promise<void>;
}

const GENERATED = '../../../node_modules/.cache/savepoint-tests/prisma/client.ts';
const LEVELS = { 'read committed': 'ReadCommitted', serializable: 'Serializable' };

export const open: Open = (connectionString) => appOver(new PrismaPg({ connectionString }));

export const openOverPool: Open = async (connectionString) => {
  const pool = new pg.Pool({ connectionString });
  const app = await appOver(new PrismaPg(pool));
  const close = async () => {
    await app.close();
    await pool.end();
  };
  return { ...app, pool, close };
};

async function appOver(adapter: PrismaPg): Promise<App> {
  const { PrismaClient } = (await import(GENERATED)) as {
    PrismaClient: new (options: { adapter: PrismaPg }) => RootClient;
  };
  const prisma = new PrismaClient({ adapter });
  return {
    ...queriesOf(prisma),
    transaction: (work, { isolation, readOnly } = {}) =>
      prisma.$transaction(
        async (client) => {
          const set = setTransaction({ readOnly });
          if (set) await client.$executeRawUnsafe(set);
          return work(queriesOf(client));
        },
        { ...(isolation && { isolationLevel: LEVELS[isolation] }) },
      ),
    close: () => prisma.$disconnect(),
  };
}

function queriesOf(client: Client): Queries {
  return {
    insert: (name) => client.user.create({ data: { name } }),
    names: async () => {
      const users = await client.user.findMany({ orderBy: { name: 'asc' } });
      return users.map(({ name }) => name);
    },
    execute: (sql) => client.$executeRawUnsafe(sql),
  };
}
