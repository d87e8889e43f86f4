/** What linting costs. Ratios taken in turns within one run; milliseconds are only there to be looked at. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import type { Linter } from 'eslint';
import savepoint from 'eslint-plugin-savepoint';
import { fileOfSuites } from './long-file.ts';
import { passesOf, sumsOf, type Sums } from './rule-time.ts';
import { sourceFile, sourceFiles, type SourceFile } from '../support/source-files.ts';
import { processRatios } from './whole-process.ts';

const ROOT = join(import.meta.dirname, '../..');
const USAGE = `npm run bench:lint -- [options]

  --folder DIR     whose sources are linted; several times for several; our own tests and example
  --files LIST     a text file with one path a line, in place of folders
  --peer DIR       has eslint-node-test in its node_modules
  --preset NAME    recommended or strict; recommended
  --rounds N       warm rounds; 5
  --rules          prints the time of each rule`;
const { values } = parseArgs({
  options: {
    folder: { type: 'string', multiple: true },
    files: { type: 'string' },
    peer: { type: 'string' },
    preset: { type: 'string', default: 'recommended' },
    rounds: { type: 'string', default: '5' },
    rules: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  console.log(USAGE);
  process.exit();
}
const rounds = Number(values.rounds);
const preset = values.preset === 'strict' ? 'strict' : 'recommended';
const ours: Linter.Config = savepoint.configs[preset];

const all = filesToLint();
const isTest = ({ code }: SourceFile) => code.includes('node:test');
await tellRuleTime('with node:test', all.filter(isTest));
await tellRuleTime(
  'without node:test',
  all.filter((file) => !isTest(file)),
);
await tellLongFile();
await tellProcess();

function filesToLint(): SourceFile[] {
  if (values.files !== undefined) {
    return readFileSync(values.files, 'utf8').trim().split('\n').map(sourceFile);
  }
  const folders = values.folder ?? [join(ROOT, 'test'), join(ROOT, 'docs/example')];
  return folders.flatMap((folder) => sourceFiles(folder));
}

async function tellRuleTime(which: string, files: readonly SourceFile[]): Promise<void> {
  if (files.length === 0) return;
  const peer = await peerConfig();
  const contenders = new Map([['ours', [ours]]]);
  if (peer) contenders.set('eslint-node-test', [peer]);
  const [measured = [], peers] = [...(await passesOf(contenders, files, rounds + 1)).values()];
  for (const phase of ['first', 'warm'] as const) {
    const sums = sumsOf(measured, phase);
    console.log(`${which}, ${phase} pass: ${told(sums)}`);
    if (values.rules) tellRules(sums);
    if (!peers) continue;
    const theirs = sumsOf(peers, phase);
    console.log(`  eslint-node-test: ${told(theirs)}`);
    console.log(`  ours / theirs: ${(sums.rules / theirs.rules).toFixed(3)}`);
  }
}

function told({ files, parse, rules }: Sums): string {
  const mean = (sum: number) => `${(sum / files).toFixed(3)} ms`;
  return `${files} files, parse ${mean(parse)}, rules ${mean(rules)}, rules / parse ${(rules / parse).toFixed(4)}`;
}

function tellRules({ perRule, files }: Sums): void {
  for (const [id, time] of [...perRule].toSorted(([, a], [, b]) => b - a)) {
    console.log(`    ${id.padEnd(48)} ${((1000 * time) / files).toFixed(1)} µs a file`);
  }
}

async function peerConfig(): Promise<Linter.Config | undefined> {
  if (values.peer === undefined) return undefined;
  const entry = createRequire(join(values.peer, 'package.json')).resolve('eslint-node-test');
  const peer = (await import(pathToFileURL(entry).href)) as {
    default: { configs: { recommended: Linter.Config } };
  };
  return peer.default.configs.recommended;
}

async function tellLongFile(): Promise<void> {
  const TIMES = 50;
  const [short, long] = [fileOfSuites(1), fileOfSuites(TIMES)];
  const measured = await passesOf(new Map([['ours', [ours]]]), [short, long], 4 * rounds + 1);
  const [one, many] = [...measured.values()].flat().map((each) => sumsOf([each], 'warm').rules);
  console.log(
    `a file ${TIMES} times as long: ${((many ?? NaN) / (one ?? NaN)).toFixed(1)} times the rule time`,
  );
}

async function tellProcess(): Promise<void> {
  for (const [peer, ratio] of await processRatios(fileOfSuites(2), preset, 2 * rounds + 1))
    console.log(`one file, whole process, with the plugin / with ${peer}: ${ratio.toFixed(3)}`);
}
