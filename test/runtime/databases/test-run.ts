/** Whole runs of `node --test` in a project of their own, as users start them. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { scopeOf } from '../../../runtime/src/test-scope.ts';
import { project, type Project } from './users.ts';

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

/** A run that is going on. */
export interface TestRun {
  readonly process: ChildProcess;
  /** Settles when it has printed this. @throws when it ends before */
  readonly prints: (words: RegExp) => Promise<RegExpExecArray>;
  readonly ended: Promise<{ readonly code: number | null; readonly output: string }>;
}

export function startTests(
  t: TestContext,
  { folder }: Project,
  environment: NodeJS.ProcessEnv = {},
): TestRun {
  const child = spawn(process.execPath, ['--test', '--test-reporter=tap'], {
    cwd: folder,
    env: { ...process.env, NODE_TEST_CONTEXT: undefined, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  scopeOf(t).defer(() => child.kill('SIGKILL'));
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, output }));
  const prints = async (words: RegExp): Promise<RegExpExecArray> => {
    for (;;) {
      const found = words.exec(output);
      if (found) return found;
      if (child.exitCode !== null) throw new Error(`the run ended without it:\n${output}`);
      await Promise.race([once(child.stdout, 'data'), ended]);
    }
  };
  return { process: child, prints, ended };
}
