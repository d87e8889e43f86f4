/** Whole runs of `node --test` in a project of their own, as users start them. */
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { scopeOf } from '../../../runtime/src/test-scope.ts';
import { endAllIn } from '../../support/machine.ts';
import { AS_TAP, startNode, type Running } from '../../support/node-process.ts';
import { project, SHORT_GRACE, type Project } from './users.ts';

const RUNTIME = fileURLToPath(new URL('../../../runtime', import.meta.url));

/** A project in which savepoint is installed, with these files. */
export async function projectWith(
  t: TestContext,
  files: Readonly<Record<string, string>>,
): Promise<Project> {
  const own = await project(t);
  await mkdir(join(own.folder, 'node_modules'));
  await symlink(RUNTIME, join(own.folder, 'node_modules', 'savepoint'), 'junction');
  for (const [name, text] of Object.entries(files)) await writeFile(join(own.folder, name), text);
  return own;
}

/**
 * A run that is going on. What is waited for its files say on stderr: behind a report of theirs the
 * runner of Node 20 to 26 may keep what they say on stdout until they say more.
 */
export interface TestRun extends Pick<Running, 'process' | 'prints'> {
  readonly ended: Promise<{ readonly code: number | null; readonly output: string }>;
}

export function startTests(
  t: TestContext,
  { folder }: Project,
  environment: NodeJS.ProcessEnv = {},
): TestRun {
  const { process, prints, ended } = startNode(AS_TAP, {
    cwd: folder,
    env: { ...SHORT_GRACE, ...environment },
  });
  scopeOf(t).defer(() => {
    if (process.killed || process.exitCode !== null) return;
    process.kill('SIGKILL');
    // The files of a runner do not end with it.
    endAllIn(folder);
  });
  return {
    process,
    prints,
    ended: ended.then(({ exitCode, output }) => ({ code: exitCode ?? null, output })),
  };
}
