/**
 * Both detectors on one test file, as a user meets them: ESLint with the strict preset, and
 * `node --import savepoint/watch`. A file that what it leaked keeps alive is cut off.
 */
import { spawn } from 'node:child_process';
import { readFileSync, watch } from 'node:fs';
import { basename, dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { HazardId } from '@savepoint/catalogue';
import parser from '@typescript-eslint/parser';
import { ESLint } from 'eslint';
import savepoint from 'eslint-plugin-savepoint';

/** A hazard in a file, as one detector reports it. */
export interface Report {
  readonly code: HazardId;
  readonly file: string;
  /** Where, 1-based; absent when a run cannot tell. */
  readonly line: number | undefined;
  readonly message: string;
}

/** What a run under watch came to. */
export interface Run {
  readonly reports: readonly Report[];
  /** The exit code, or undefined when the process had to be cut off. */
  readonly exitCode: number | undefined;
  readonly output: string;
}

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** How long a file may run, in milliseconds, before it is cut off. Risky ones may never end. */
const DEADLINE = 60_000;
/** How long a process in which hazards were seen may live on once its tests have finished, in milliseconds. */
const GRACE = 1_000;

/** Lints files with the strict preset. @throws Error when a file cannot be parsed */
export async function lint(files: readonly string[]): Promise<Report[]> {
  const eslint = new ESLint({
    cwd: ROOT,
    ignore: false,
    overrideConfigFile: true,
    overrideConfig: [
      { files: ['**/*.{ts,mts,cts}'], languageOptions: { parser } },
      { files: ['**/*.{ts,mts,cts,js,mjs,cjs}'], plugins: { savepoint } },
      savepoint.configs.strict,
    ],
  });
  const results = await eslint.lintFiles([...files]);
  return results.flatMap(({ filePath, messages }) =>
    messages.map(({ ruleId, line, message }) => {
      if (!ruleId) throw new Error(`${filePath}:${line} ${message}`);
      const code = ruleId.replace('savepoint/', '') as HazardId;
      return { code, file: basename(filePath), line, message };
    }),
  );
}

/**
 * Runs one test file under watch.
 *
 * @param evidence a file that does not exist yet, in a folder that does
 */
export async function runUnderWatch(
  file: string,
  evidence: string,
  environment: NodeJS.ProcessEnv,
): Promise<Run> {
  // Compiling on the way takes twice the time of all the rest: JavaScript needs none of it.
  const loaders = /ts$/.test(file) ? ['tsx', 'savepoint/watch'] : ['savepoint/watch'];
  const imports = loaders.flatMap((loader) => ['--import', loader]);
  const child = spawn(process.execPath, [...imports, file], {
    cwd: ROOT,
    env: {
      ...process.env,
      NODE_TEST_CONTEXT: undefined,
      ...environment,
      SAVEPOINT_EVIDENCE: evidence,
    },
  });
  const output: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => output.push(chunk));
  }
  const cutOff = () => child.kill('SIGKILL');
  const deadline = setTimeout(cutOff, DEADLINE);
  let grace: NodeJS.Timeout | undefined;
  const watcher = watch(dirname(evidence), () => {
    const seen = readEvidence(evidence);
    const leaks = seen.some(({ code }) => code) && seen.some(({ event }) => event === 'finished');
    // A file without hazards has to end by itself, however busy the machine is.
    if (leaks) grace ??= setTimeout(cutOff, GRACE);
  });
  const exitCode = await new Promise<number | null>((resolve) => child.once('close', resolve));
  watcher.close();
  clearTimeout(deadline);
  clearTimeout(grace);
  const reports = readEvidence(evidence).flatMap(({ code, message = '', acquired, used }) =>
    code ? [{ code, file: basename(file), line: (used ?? acquired)?.line, message }] : [],
  );
  return { reports, exitCode: exitCode ?? undefined, output: output.join('') };
}

interface EvidenceLine {
  readonly code?: HazardId;
  readonly message?: string;
  readonly event?: string;
  readonly acquired?: { readonly line: number } | null;
  readonly used?: { readonly line: number } | null;
}

function readEvidence(evidence: string): EvidenceLine[] {
  try {
    const whole = readFileSync(evidence, 'utf8').split('\n').slice(0, -1);
    return whole.map((line) => JSON.parse(line) as EvidenceLine);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
