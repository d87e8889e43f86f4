import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { describe, test } from 'node:test';
import { commandLineOf, isAlive } from '../../../runtime/src/pg/embedded/processes.ts';
import { withConnection } from '../../../runtime/src/pg/connect.ts';
import { connectionStringTo } from '../../support/database.ts';
import {
  dataOf,
  kill,
  letGo,
  project,
  serverOf,
  startUser,
  untilGone,
  type User,
} from './users.ts';

function portOf({ said }: User): number {
  assert.equal(said.is, 'using');
  return said.port;
}

test('who connects spends no time on stretching a password that is long already', async () => {
  const server = await connectionStringTo('postgres');
  const { password } = new URL(server);
  const { rows } = await withConnection(server, (client) =>
    client.query<{ verifier: string }>(
      'select rolpassword as verifier from pg_authid where rolname = current_user',
    ),
  );
  assert.match(password, /^[\w-]{32}$/);
  assert.match(rows[0]?.verifier ?? '', /^SCRAM-SHA-256\$1:/);
});

// Each in a project of its own.
describe('the embedded server', { concurrency: true, timeout: 300_000 }, () => {
  test('processes that start together share one server', async (t) => {
    const own = await project(t);
    const users = await Promise.all(Array.from({ length: 6 }, () => startUser(t, own)));
    assert.equal(new Set(users.map(portOf)).size, 1);
  });

  test('the server and its folder are gone after its users were killed', async (t) => {
    const own = await project(t);
    const users = await Promise.all([startUser(t, own), startUser(t, own)]);
    const { keeper, postmaster } = await serverOf(own);
    await Promise.all(users.map(kill));
    await untilGone(own.state);
    await untilGone(keeper);
    assert.equal(isAlive(postmaster), false);
  });

  test('a user ends by itself, and keeps nothing of the server', async (t) => {
    const user = await startUser(t, await project(t));
    assert.ok(user.said.is === 'using');
    assert.equal(user.said.exitHooks, 0);
    assert.equal(await letGo(user), 0);
  });

  test('the server stays while a user of it does', async (t) => {
    const own = await project(t);
    const [first, second] = await Promise.all([startUser(t, own), startUser(t, own)]);
    await kill(first);
    const third = await startUser(t, own);
    assert.equal(portOf(third), portOf(second));
  });

  test('between two files of a run the server stays', async (t) => {
    const [own, other] = await Promise.all([project(t), project(t)]);
    const underRunner = true;
    const first = await startUser(t, own, { underRunner });
    const { keeper } = await serverOf(own);
    await kill(first);
    // Another server that loses its last user now goes after as long a wait as this one would.
    await kill(await startUser(t, other));
    await untilGone(other.state);
    const second = await startUser(t, own, { underRunner });
    assert.equal(portOf(second), portOf(first));
    // The run goes on for as long as this process does.
    process.kill(keeper, 'SIGTERM');
  });

  test('two projects have two servers', async (t) => {
    const projects = await Promise.all([project(t), project(t)]);
    const [first, second] = await Promise.all(projects.map((own) => startUser(t, own)));
    assert.ok(first && second);
    assert.notEqual(portOf(first), portOf(second));
  });

  test('goes with its keeper, and what is left of both goes with the next start', async (t) => {
    const own = await project(t);
    const first = await startUser(t, own);
    const left = await serverOf(own);
    const data = dataOf(own.state);
    process.kill(left.keeper, 'SIGKILL');
    await untilGone(left.keeper);
    await untilGone(left.postmaster);
    assert.ok(existsSync(data));

    const next = await Promise.all([1, 2, 3].map(() => startUser(t, own)));
    const ports = new Set(next.map(portOf));
    assert.equal(ports.size, 1);
    assert.equal(ports.has(portOf(first)), false);
    assert.equal(existsSync(data), false);
  });

  test('a keeper that is told to stop leaves nothing', async (t) => {
    const own = await project(t);
    await startUser(t, own);
    const { keeper, postmaster } = await serverOf(own);
    process.kill(keeper, 'SIGTERM');
    await untilGone(own.state);
    assert.equal(isAlive(postmaster), false);
  });

  test('a server that ends under its users is replaced for the next', async (t) => {
    const own = await project(t);
    const first = await startUser(t, own);
    const { keeper, postmaster } = await serverOf(own);
    process.kill(postmaster, 'SIGKILL');
    await untilGone(keeper);
    const second = await startUser(t, own);
    assert.notEqual(portOf(second), portOf(first));
  });

  test('nobody else can look into the state folder', async (t) => {
    const own = await project(t);
    await startUser(t, own);
    const { mode } = await stat(own.state);
    assert.equal(mode & 0o066, 0);
  });

  test('no command line holds a secret', async (t) => {
    const own = await project(t);
    await startUser(t, own);
    const { keeper, postmaster } = await serverOf(own);
    for (const pid of [keeper, postmaster])
      assert.doesNotMatch(await commandLineOf(pid), /passw|:\/\//);
  });
});
