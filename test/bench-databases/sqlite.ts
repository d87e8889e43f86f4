/**
 * `npm run bench:databases`, its half on SQLite: what isolation costs, as ratios in one run.
 *   --rounds 15   --round-ms 150   --groups wal,memory,clone
 * Each contender has a process of its own, and they take turns.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { ContenderProcess } from '../bench/contender-process.ts';
import { median, medianRatio } from '../bench/statistics.ts';
import { inTurns } from '../bench/turns.ts';
import { groupNamed, GROUPS, type Group } from './sqlite-contenders.ts';
import type { Command, Spec } from './sqlite-worker.ts';

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '15' },
    'round-ms': { type: 'string', default: '150' },
    groups: { type: 'string', default: Object.keys(GROUPS).join(',') },
  },
});
const rounds = Number(options.rounds);
const roundMillis = Number(options['round-ms']);
const WORKER = fileURLToPath(new URL('sqlite-worker.ts', import.meta.url));

interface Figures {
  readonly name: string;
  /** The median test of each round. */
  readonly micros: number[];
}

interface Running extends Figures {
  readonly process: ContenderProcess<Command>;
  /** How many tests a round has. */
  readonly times: number;
}

console.log(
  `Node ${process.version}, ${String(os.availableParallelism())} cores, load ${(os.loadavg()[0] ?? 0).toFixed(2)}`,
);
for (const name of options.groups.split(',')) report(groupNamed(name), await measure(name));

async function measure(group: string): Promise<Figures[]> {
  const folder = mkdtempSync(join(os.tmpdir(), 'savepoint-bench-'));
  const started: ContenderProcess<Command>[] = [];
  try {
    const running: Running[] = [];
    for (const name of Object.keys(groupNamed(group).contenders)) {
      const spec: Spec = { group, name, folder };
      const process = new ContenderProcess<Command>(WORKER, spec);
      started.push(process);
      const micros = await process.ask({ do: 'setup', warmUpMillis: 4 * roundMillis });
      const times = Math.max(10, Math.round((roundMillis * 1000) / micros));
      running.push({ name, process, times, micros: [] });
    }
    for await (const { process, times, micros } of inTurns(running, rounds))
      micros.push(await process.ask({ do: 'run', times }));
    return running;
  } finally {
    for (const process of started) await process.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

function report({ title, most }: Group, measured: readonly Figures[]): void {
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

function ratio(ours: Figures, others: Figures): number {
  return medianRatio(ours.micros, others.micros);
}
