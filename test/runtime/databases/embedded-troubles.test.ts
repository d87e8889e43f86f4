/** What a machine does to a server: full disks, taken ports, killed processes, other users. All real. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import {
  chmod,
  mkdir,
  mkdtemp,
  readdir,
  rm,
  stat,
  statfs,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { isAlive, serverProcessesIn } from '../../../runtime/src/pg/embedded/processes.ts';
import { startPostmaster } from '../../../runtime/src/pg/embedded/postmaster.ts';
import { generation, stateFolderOf } from '../../../runtime/src/pg/embedded/state-folder.ts';
import { scopeOf } from '../../../runtime/src/test-scope.ts';
import { noSmallDisk, smallDisk } from '../../support/small-disk.ts';
import {
  BUILT,
  dataOf,
  keeperIn,
  kill,
  project,
  serverOf,
  startUser,
  untilGone,
  type ServerProcesses,
  type User,
} from './users.ts';

function portOf({ said }: User): number {
  assert.equal(said.is, 'using', said.is === 'failed' ? said.message : '');
  return said.port;
}

function refusalOf({ said }: User, code: string): string {
  assert.ok(said.is === 'failed', 'it was not refused');
  assert.equal(said.code, code);
  return said.message;
}

/** A folder of this test's own. */
async function ownFolder(t: TestContext): Promise<string> {
  const folder = realpathSync(await mkdtemp(join(tmpdir(), 'own-')));
  scopeOf(t).defer(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** Numbers of the segments of shared memory that the system has. */
function segments(): string[] {
  const [head = '', ...rows] = readFileSync('/proc/sysvipc/shm', 'utf8').trim().split('\n');
  const column = head.trim().split(/\s+/).indexOf('shmid');
  return rows.map((row) => row.trim().split(/\s+/)[column] ?? '');
}

async function killAndWait(pid: number): Promise<void> {
  process.kill(pid, 'SIGKILL');
  await untilGone(pid);
}

/** Neither has the time to clean up after the other. */
async function killTogether({ keeper, postmaster }: ServerProcesses): Promise<void> {
  process.kill(keeper, 'SIGSTOP');
  await killAndWait(postmaster);
  await killAndWait(keeper);
}

const onLinux = { skip: process.platform !== 'linux' && 'what is left is counted in /proc' };
const onASmallDisk = { skip: noSmallDisk };
/** A user that no system has a name for. */
const NAMELESS = 60_001;
/** Two users that nearly every system has. */
const OTHERS = ['nobody', 'daemon'].map(idOf);
const asOthers = {
  skip: !OTHERS.every(mayBe) && 'only root can be two users, where they may run Node',
};

function idOf(name: string): number {
  try {
    return Number(execFileSync('id', ['-u', name], { stdio: 'pipe' }));
  } catch {
    return NAMELESS;
  }
}

function mayBe(uid: number): boolean {
  try {
    execFileSync(process.execPath, [BUILT], { uid, gid: uid, cwd: '/', stdio: 'pipe' });
    return true;
  } catch {
    return false;
  }
}

// Each in a project of its own.
describe('the embedded server', { concurrency: 4, timeout: 300_000 }, () => {
  test('that finds its port taken looks for another', async (t) => {
    const taken = createServer().listen(0, '127.0.0.1');
    scopeOf(t).defer(() => taken.close());
    await once(taken, 'listening');
    const free = createServer().listen(0, '127.0.0.1');
    await once(free, 'listening');
    const ports = [taken, free].map((server) => (server.address() as AddressInfo).port);
    free.close();
    await once(free, 'close');

    const folder = await ownFolder(t);
    await chmod(folder, 0o711);
    const expected = ports[1];
    const { address, stop } = await startPostmaster(folder, async () => ports.shift() ?? 0);
    scopeOf(t).defer(stop);
    assert.equal(address.port, expected);
  });

  test('starts beside the lock of a dead one, and harms nobody who has its number now', async (t) => {
    const own = await project(t);
    const user = await startUser(t, own);
    const server = await serverOf(own);
    const data = dataOf(own.state);
    await killTogether(server);
    await kill(user);
    const lock = readFileSync(join(data, 'postmaster.pid'), 'utf8').split('\n');
    await writeFile(join(data, 'postmaster.pid'), [process.pid, ...lock.slice(1)].join('\n'));

    const next = await startUser(t, own);
    assert.equal(next.said.is, 'using');
    assert.equal(existsSync(data), false);
    assert.deepEqual((await readdir(own.state)).sort(), ['2', '2.sock']);
  });

  test(
    'leaves no shared memory, and no session that reckons on, when all of it was killed',
    onLinux,
    async (t) => {
      const own = await project(t);
      const user = await startUser(t, own, {
        env: { ASK: 'select count(*) from generate_series(1, 1e12)' },
      });
      const server = await serverOf(own);
      const data = dataOf(own.state);
      const sessions = await serverProcessesIn(data);
      const [segment = ''] =
        readFileSync(join(data, 'postmaster.pid'), 'utf8')
          .split('\n')[6]
          ?.trim()
          .split(/\s+/)
          .slice(1) ?? [];
      assert.ok(segments().includes(segment));
      await killTogether(server);
      await kill(user);

      await startUser(t, own);
      assert.deepEqual(sessions.filter(isAlive), []);
      assert.equal(segments().includes(segment), false);
    },
  );

  test('starts although its data was left half made', async (t) => {
    const own = await project(t);
    // Without an image, so that initdb takes its time.
    const env = { XDG_CACHE_HOME: join(own.folder, 'no-image') };
    const first = startUser(t, own, { env });
    const { folder } = generation(own.state, 1);
    const keeper = await keeperIn(folder);
    while (!existsSync(join(folder, 'data', 'global'))) await delay(2);
    process.kill(keeper, 'SIGKILL');
    const data = dataOf(own.state);
    await untilGone(keeper);

    // Whoever waited for it gets the next one.
    assert.equal((await first).said.is, 'using');
    assert.equal(existsSync(data), false);
    assert.deepEqual(await serverProcessesIn(data), []);
  });

  test('makes a new image where the one that is there is not whole', async (t) => {
    const own = await project(t);
    const env = { XDG_CACHE_HOME: join(own.folder, 'cache') };
    await kill(await startUser(t, own, { env }));
    await untilGone(own.state);
    const cache = join(own.folder, 'cache', 'savepoint');
    const [image = ''] = await readdir(cache);
    const control = join(cache, image, 'cluster', 'global', 'pg_control');
    const damages = [
      () => rm(control),
      () => truncate(control, 0),
      // Of the right size, and nonsense.
      async () => writeFile(control, Buffer.alloc((await stat(control)).size)),
      () => rm(join(cache, image, 'contents.json')),
    ];
    for (const damage of damages) {
      await damage();
      await kill(await startUser(t, own, { env }));
      assert.deepEqual(await readdir(cache), [image]);
      assert.ok((await stat(control)).size > 0);
      await untilGone(own.state);
    }
  });

  test('does without an image where there is no place for one', async (t) => {
    const own = await project(t);
    await writeFile(join(own.folder, 'file'), '');
    const user = await startUser(t, own, { env: { XDG_CACHE_HOME: join(own.folder, 'file') } });
    assert.equal(user.said.is, 'using');
  });

  test(
    'says that a disk is full, leaves nothing on it, and starts when there is room',
    onASmallDisk,
    async (t) => {
      const disk = smallDisk(t, 12);
      const own = await project(t);
      const env = { SAVEPOINT_SERVER_DATA: disk.folder };
      const refused = await startUser(t, own, { env });
      const message = refusalOf(refused, 'ERR_SAVEPOINT_EMBEDDED_SERVER');
      assert.match(
        message,
        /No space left on device[^]*There is no room left.*SAVEPOINT_SERVER_DATA/,
      );
      await untilGone(own.state);
      assert.deepEqual(await readdir(disk.folder), []);

      disk.resize(100);
      const user = await startUser(t, own, { env });
      portOf(user);
      assert.ok(dataOf(own.state).startsWith(disk.folder));
    },
  );

  test('survives a statement that fills the disk', onASmallDisk, async (t) => {
    const disk = smallDisk(t, 60);
    const own = await project(t);
    const ASK = `create unlogged table filling as
      select repeat('x', 1000) from generate_series(1, 1000000)`;
    const user = await startUser(t, own, { env: { SAVEPOINT_SERVER_DATA: disk.folder, ASK } });
    const { code, message } = await user.says('refused');
    assert.equal(code, '53100');
    assert.match(message, /No space left on device/);
    await user.says('answered');
    const warning = (await user.says('warned')).message;
    assert.match(warning, /is in trouble: .*No space left on device[^]*There is no room/);
    assert.ok(warning.includes(dataOf(own.state)));
  });

  test('tells its users that a full disk ended their sessions', onASmallDisk, async (t) => {
    const disk = smallDisk(t, 60);
    const own = await project(t);
    // Nothing but log.
    const ASK = `select pg_logical_emit_message(false, '', repeat('x', 1000000)) from generate_series(1, 200)`;
    const env = { SAVEPOINT_SERVER_DATA: disk.folder };
    const user = await startUser(t, own, { env: { ...env, ASK } });
    await user.says('cut off');
    const { message } = await user.says('warned');
    assert.match(message, /is in trouble: .*PANIC: .*No space left on device[^]*There is no room/);
    assert.equal((await startUser(t, own, { env })).said.is, 'using');
  });

  test('that was killed says so to its users', async (t) => {
    const own = await project(t);
    const user = await startUser(t, own);
    await killAndWait((await serverOf(own)).postmaster);
    assert.match(
      (await user.says('warned')).message,
      /The embedded PostgreSQL has ended, or was killed/,
    );
  });

  test('has its data in memory where there is room', async (t) => {
    const own = await project(t);
    await startUser(t, own);
    const inMemory = dataOf(own.state).startsWith('/dev/shm/');
    const { bavail, bsize } = await statfs('/dev/shm').catch(() => ({ bavail: 0, bsize: 0 }));
    const GIBIBYTE = 1024 ** 3;
    assert.equal(inMemory, Math.min(bavail * bsize, process.availableMemory()) >= GIBIBYTE);
  });

  test('names a folder for its data that is not there', async (t) => {
    const own = await project(t);
    const missing = join(own.folder, 'missing');
    const user = await startUser(t, own, { env: { SAVEPOINT_SERVER_DATA: missing } });
    const message = refusalOf(user, 'ERR_SAVEPOINT_EMBEDDED_SERVER');
    assert.match(
      message,
      /missing, which SAVEPOINT_SERVER_DATA names, cannot hold its data \(ENOENT/,
    );
    await untilGone(own.state);
  });

  const PLACES = {
    'is not there': '/no-such-folder',
    'is too long for a socket': join(
      tmpdir(),
      ...Array.from({ length: 8 }, () => 'sixteen-letters-'),
    ),
  };
  for (const [what, folder] of Object.entries(PLACES)) {
    test(`names a folder for temporary files that ${what}`, async (t) => {
      const own = await project(t);
      if (folder.startsWith(tmpdir())) await mkdir(folder, { recursive: true });
      const user = await startUser(t, own, { env: { TMPDIR: folder } });
      const message = refusalOf(user, 'ERR_SAVEPOINT_STATE_FOLDER');
      assert.ok(message.includes(folder));
      assert.match(message, /TMPDIR/);
    });
  }

  test(
    'names a folder for temporary files that the server’s user cannot enter',
    asOthers,
    async (t) => {
      const own = await project(t);
      const closed = await ownFolder(t);
      const user = await startUser(t, own, { env: { TMPDIR: closed, XDG_CACHE_HOME: '/nowhere' } });
      const message = refusalOf(user, 'ERR_SAVEPOINT_EMBEDDED_SERVER');
      assert.match(message, /refuses to run as root[^]*set TMPDIR to a folder/);
      assert.ok(message.includes(closed));
    },
  );

  test('stays for the next run, for as long as it is told to', async (t) => {
    const own = await project(t);
    const env = { SAVEPOINT_SERVER_GRACE: '600' };
    const first = await startUser(t, own, { env });
    await kill(first);
    const second = await startUser(t, own, { env });
    assert.equal(portOf(second), portOf(first));
    process.kill((await serverOf(own)).keeper, 'SIGTERM');
    await untilGone(own.state);
  });

  test('that is to stay for no time at all stays while it is used', async (t) => {
    const own = await project(t);
    const user = await startUser(t, own, {
      env: { SAVEPOINT_SERVER_GRACE: '0', ASK: 'select pg_sleep(2)' },
    });
    await user.says('answered');
  });

  test('refuses a time to stay that is none', async (t) => {
    const user = await startUser(t, await project(t), { env: { SAVEPOINT_SERVER_GRACE: 'long' } });
    assert.match(refusalOf(user, 'ERR_SAVEPOINT_SERVER_GRACE'), /seconds.* it is "long"/);
  });

  test('is one for each user of the system, and shut to the other', asOthers, async (t) => {
    const own = await project(t);
    await chmod(own.folder, 0o755);
    const users = await Promise.all(
      OTHERS.map((uid) => startUser(t, own, { uid, env: { XDG_CACHE_HOME: '/nowhere' } })),
    );
    assert.equal(new Set(users.map(portOf)).size, 2);
    const states = await Promise.all(OTHERS.map((uid) => stateFolderOf(own.folder, `${uid}`)));
    for (const [index, uid] of OTHERS.entries()) {
      const look = (state: string) => execFileSync('ls', [state], { uid, gid: uid, stdio: 'pipe' });
      assert.match(String(look(states[index] ?? '')), /1\.sock/);
      assert.throws(() => look(states[1 - index] ?? ''), /Permission denied/);
    }
    await Promise.all(users.map(kill));
    await Promise.all(states.map(untilGone));
  });

  test('asks nobody who waits in a folder that somebody else made', asOthers, async (t) => {
    const own = await project(t);
    await chmod(own.folder, 0o755);
    const [ADA = NAMELESS] = OTHERS;
    const state = await stateFolderOf(own.folder, `${ADA}`);
    await mkdir(state, { mode: 0o777 });
    scopeOf(t).defer(() => rm(state, { recursive: true }));
    const user = await startUser(t, own, { uid: ADA });
    const message = refusalOf(user, 'ERR_SAVEPOINT_STATE_FOLDER');
    assert.ok(message.startsWith(`${state} is not a folder of yours`));
    assert.deepEqual(await readdir(state), []);
  });

  test('says that a user without a name cannot have one', asOthers, async (t) => {
    const own = await project(t);
    await chmod(own.folder, 0o755);
    const user = await startUser(t, own, { uid: NAMELESS, env: { XDG_CACHE_HOME: '/nowhere' } });
    const message = refusalOf(user, 'ERR_SAVEPOINT_EMBEDDED_SERVER');
    assert.match(message, /could not look up.*[^]*give the user a line in \/etc\/passwd/);
    await untilGone(await stateFolderOf(own.folder, String(NAMELESS)));
  });
});
