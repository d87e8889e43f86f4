/**
 * Every source file below folders, as it is, in ESLint 9, ESLint 10 and oxlint:
 * `npm run test:every-file -- DIR…`. What a rule throws is printed and makes the exit code 1.
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ESLint } from 'eslint';
import { ESLint as ESLint9 } from 'eslint9';
import { oxlint } from '../support/oxlint.ts';
import { sourceFiles, type SourceFile } from '../support/source-files.ts';
import { survivor } from './survivor.ts';

const ROOT = join(import.meta.dirname, '../..');
const { positionals } = parseArgs({ allowPositionals: true });
const folders = positionals.length > 0 ? positionals : [join(ROOT, 'test')];
const files = folders.flatMap((folder) => sourceFiles(folder, Infinity));

await lintAll(`ESLint ${ESLint.version}`, ESLint, files);
await lintAll(`ESLint ${ESLint9.version}`, ESLint9, files);
for (const folder of folders) await lintWithOxlint(folder);

async function lintAll(
  name: string,
  Version: typeof ESLint,
  all: readonly SourceFile[],
): Promise<void> {
  const { crashOf, parsed } = survivor(Version);
  let crashes = 0;
  for (const { path, code } of all) {
    const crash = await crashOf(code, path);
    if (crash === undefined) continue;
    crashes++;
    console.log(`${path}\n${crash}\n`);
  }
  tell(name, `${all.length} files, ${parsed()} without a syntax error`, crashes);
}

async function lintWithOxlint(folder: string): Promise<void> {
  const { diagnostics, failed } = await oxlint(folder);
  if (failed !== undefined) console.log(failed);
  const crashes = diagnostics.filter(({ message }) => message.includes('JS plugin'));
  for (const { filename, message } of crashes) console.log(`${filename}\n${message}\n`);
  const reports = diagnostics.filter(({ code }) => code?.startsWith('savepoint'));
  tell(`oxlint, ${folder}`, `${reports.length} reports`, crashes.length + (failed ? 1 : 0));
}

function tell(name: string, what: string, crashes: number): void {
  console.log(`${name}: ${what}, ${crashes} crashes`);
  if (crashes > 0) process.exitCode = 1;
}
