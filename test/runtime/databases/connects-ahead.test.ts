/** A run that finds a database of its migrations connects to it before it knows whether that is finished. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { withConnection } from '../../../runtime/src/pg/connect.ts';
import { isLeft } from '../../../runtime/src/pg/database-sessions.ts';
import { postgres } from '../../../runtime/src/pg/index.ts';
import { readMigrations, type Migrate } from '../../../runtime/src/pg/migrations.ts';
import { Owner } from '../../../runtime/src/pg/owner.ts';
import { migratedTemplate } from '../../../runtime/src/pg/template.ts';
import { scopeOf } from '../../../runtime/src/test-scope.ts';
import { captureTrace } from '../../../runtime/src/trace.ts';
import { administer, connectionStringTo } from '../../support/database.ts';

test('a run connects to what it is likely to use, and leaves it to whoever drops it', async (t) => {
  const server = await connectionStringTo('postgres');
  const migrate: Migrate = {
    fingerprint: randomBytes(8).toString('hex'),
    migrate: (client) => client.query('create table users (id int)'),
  };
  const migrations = readMigrations(migrate, { trace: captureTrace(), number: 0 });
  const before = await migratedTemplate(server, migrations);
  const shared = await before.shared();
  await before.release();

  const name = new URL(shared).pathname.slice(1);
  const owner = await Owner.on(server);
  scopeOf(t).defer(async () => {
    await owner.release();
    for (const each of [name, name.replace('_shared_', '_template_')])
      await administer(`drop database if exists ${each} with (force)`);
  });
  const sessionsSoFar = async () => {
    const [row] = await owner.query<{ sessions: number }>(
      'select sessions::int from pg_stat_database where datname = $1',
      [name],
    );
    return row?.sessions ?? 0;
  };
  const db = postgres({ connectionString: server, migrate });
  const holder = owner.names.read(name)?.holder ?? '';
  let opening: ReturnType<typeof db.rollback> | undefined;
  // As long as nobody can claim it, nobody knows whether it stays.
  await owner.whileUnheld([holder], async () => {
    opening = db.rollback(t);
    while ((await sessionsSoFar()) === 0 || !(await isLeft(owner, name)));
    await withConnection(server, (client) => client.query(`drop database ${name}`));
  });
  const pool = await opening;
  assert.deepEqual((await pool?.query('select * from users'))?.rows, []);
});
