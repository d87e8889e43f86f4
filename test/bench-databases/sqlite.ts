/**
 * `npm run bench:databases`, its half on SQLite: what isolation costs, as ratios in one run.
 *   --rounds 15   --round-ms 150   --groups wal,memory,clone
 * Rounds are interleaved: each visits every contender, beginning one further along than the last.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { runInTest } from '../bench/bare-test.ts';
import { median } from '../bench/statistics.ts';
import {
  assertEmpty,
  GROUPS,
  threeQueries,
  type Contender,
  type Group,
} from './sqlite-contenders.ts';

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '15' },
    'round-ms': { type: 'string', default: '150' },
    groups: { type: 'string', default: Object.keys(GROUPS).join(',') },
  },
});
const roundMillis = Number(options['round-ms']);

interface Measured {
  readonly name: string;
  readonly contender: Contender;
  readonly times: number;
  /** The median test of each round. */
  readonly micros: number[];
}

console.log(
  `Node ${process.version}, ${String(os.availableParallelism())} cores, load ${(os.loadavg()[0] ?? 0).toFixed(2)}`,
);
const folder = mkdtempSync(join(os.tmpdir(), 'savepoint-bench-'));
process.once('exit', () => {
  rmSync(folder, { recursive: true, force: true });
});
for (const name of options.groups.split(',')) {
  const group = GROUPS[name];
  if (!group) throw new TypeError(`no group ${name}`);
  report(group, await measure(group));
}
process.exit();

async function measure({ contenders }: Group): Promise<Measured[]> {
  const measured: Measured[] = [];
  for (const [name, make] of Object.entries(contenders)) {
    const contender = make(folder);
    await contender.setup();
    const warm: number[] = [];
    for (const end = performance.now() + 4 * roundMillis; performance.now() < end;)
      warm.push(await medianTest(contender, 10));
    const times = Math.max(10, Math.round((roundMillis * 1000) / median(warm)));
    measured.push({ name, contender, times, micros: [] });
  }
  for (let round = 0; round < Number(options.rounds); round++) {
    for (let step = 0; step < measured.length; step++) {
      const each = measured[(step + round) % measured.length];
      if (!each) continue;
      each.micros.push(await medianTest(each.contender, each.times));
      await runInTest(async (t) => {
        assertEmpty(await each.contender.handleFor(t));
      });
    }
  }
  for (const { contender } of measured) contender.teardown();
  return measured;
}

async function medianTest(contender: Contender, times: number): Promise<number> {
  const micros: number[] = [];
  for (let count = 0; count < times; count++) {
    const began = performance.now();
    await runInTest(async (t) => {
      threeQueries(await contender.handleFor(t));
    });
    micros.push((performance.now() - began) * 1000);
  }
  return median(micros);
}

function report({ title, most }: Group, measured: readonly Measured[]): void {
  const [first] = measured;
  if (!first) return;
  console.log(`\n### ${title}\n\n| contender | median µs | ratio |\n|---|--:|--:|`);
  for (const each of measured)
    console.log(
      `| ${each.name} | ${median(each.micros).toFixed(1)} | ${ratio(each, first).toFixed(2)} |`,
    );
  const ours = measured.find(({ name }) => name === 'savepoint');
  if (!ours) return;
  const is = ratio(ours, first);
  console.log(
    `\nsavepoint over ${first.name}: ${is.toFixed(2)}, target ${String(most)}: ${is <= most ? 'met' : 'MISSED'}`,
  );
}

/** The median, over rounds, of this round's figure over the other's. */
function ratio(figures: Measured, other: Measured): number {
  return median(figures.micros.map((micros, round) => micros / (other.micros[round] ?? NaN)));
}
