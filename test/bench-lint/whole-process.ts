/** The time of a whole `eslint` process on one file: start, load, parse, lint, print. */
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { median } from '../bench/statistics.ts';
import { bundlePlugin } from '../../scripts/bundle-plugin.ts';
import type { SourceFile } from '../support/source-files.ts';

const require = createRequire(import.meta.url);
const BIN = join(require.resolve('eslint/package.json'), '..', 'bin', 'eslint.js');
const PARSER = require.resolve('@typescript-eslint/parser');
const MANIFEST = join(import.meta.dirname, '../../eslint-plugin/package.json');

/**
 * What a project may have without us. ESLint loads its validator of options, some forty modules, with
 * the first rule of anybody, so that a config of no rule at all is not what people have.
 */
const PEERS = {
  'the parser alone': {},
  'the parser and one rule of ESLint': { 'no-debugger': 'error' },
};
export type Peer = keyof typeof PEERS;

const withoutPlugin = (rules: object) => `import { createRequire } from 'node:module';
const parser = createRequire(import.meta.url)(${JSON.stringify(PARSER)});
const files = ['**/*.{ts,mts,cts,js,mjs,cjs}'];
export default [{ files, languageOptions: { parser }, rules: ${JSON.stringify(rules)} }];
`;
const withPlugin = (preset: string) => `import savepoint from './plugin/index.mjs';
import without from './without.mjs';
export default [...without, savepoint.configs.${preset}];
`;

/** For each peer the median time of a process with the plugin as npm gives it, over that of one without. */
export async function processRatios(
  file: SourceFile,
  preset: string,
  rounds: number,
): Promise<Map<Peer, number>> {
  const ratios = new Map<Peer, number>();
  for (const [peer, rules] of Object.entries(PEERS))
    ratios.set(peer as Peer, await processRatio(file, withoutPlugin(rules), preset, rounds));
  return ratios;
}

async function processRatio(
  file: SourceFile,
  without: string,
  preset: string,
  rounds: number,
): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'savepoint-bench-'));
  try {
    await bundlePlugin(join(folder, 'plugin/index.mjs'));
    copyFileSync(MANIFEST, join(folder, 'package.json'));
    writeFileSync(join(folder, 'without.mjs'), without);
    writeFileSync(join(folder, 'with.mjs'), withPlugin(preset));
    writeFileSync(join(folder, 'a.test.mts'), file.code);
    const times = { with: [] as number[], without: [] as number[] };
    for (let round = 0; round < rounds; round++) {
      for (const way of ['without', 'with'] as const) times[way].push(runOnce(folder, way));
    }
    return median(times.with) / median(times.without);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function runOnce(folder: string, way: 'with' | 'without'): number {
  const started = performance.now();
  const { status, stderr } = spawnSync(
    process.execPath,
    [BIN, '--config', `${way}.mjs`, 'a.test.mts'],
    { cwd: folder, encoding: 'utf8' },
  );
  // Reports are 1; anything else did not lint.
  if (status !== 0 && status !== 1) throw new Error(stderr);
  return performance.now() - started;
}
