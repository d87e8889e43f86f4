/**
 * `npm run bench:pg`: what isolation costs on PostgreSQL, as ratios against peers in one run.
 *   --latency 0,1   added round-trip times in ms     --rounds 15    --round-ms 250
 *   --groups test,heavy,insert,…                     --url …        (default: the embedded server)
 */
import os from 'node:os';
import { parseArgs } from 'node:util';
import { connectionStringTo } from '../support/database.ts';
import { GROUPS, type GroupName } from './contenders.ts';
import { keepOnOtherCores } from './cores.ts';
import { asOwner, measure, ratio, Worker, type Figures } from './rounds.ts';
import { SlowNetwork } from './slow-network.ts';
import { median } from './statistics.ts';

/** What savepoint is to cost, as a ratio against somebody else of its group, by added milliseconds. */
const TARGETS: readonly {
  readonly group: GroupName;
  readonly against: string;
  readonly most: Readonly<Record<string, number>>;
}[] = [
  { group: 'test', against: 'hand-written BEGIN and ROLLBACK', most: { 0: 1, 1: 0.7 } },
  { group: 'test', against: 'pg-transactional-tests', most: { 0: 0.8, 1: 0.67 } },
  { group: 'test', against: 'pgsql-test', most: { 0: 0.8, 1: 0.67 } },
  { group: 'heavy', against: 'TRUNCATE of 20 tables', most: { 0: 0.1 } },
  { group: 'heavy', against: 'a clone per test, WAL_LOG', most: { 0: 0.05 } },
  { group: 'heavy', against: 'a clone per test, FILE_COPY', most: { 0: 0.05 } },
  { group: 'insert', against: 'the raw pool', most: { 0: 1.3, 1: 1 } },
  { group: 'insert in a transaction', against: 'the raw client', most: { 0: 1.05, 1: 1.05 } },
  { group: 'select in a transaction', against: 'the raw client', most: { 0: 1.05, 1: 1.05 } },
];

const { values: options } = parseArgs({
  options: {
    url: { type: 'string' },
    latency: { type: 'string', default: '0,1' },
    rounds: { type: 'string', default: '15' },
    'round-ms': { type: 'string', default: '250' },
    groups: { type: 'string', default: [...Object.keys(GROUPS), 'age'].join(',') },
  },
});

const direct = options.url ?? (await connectionStringTo('postgres'));
const network = await SlowNetwork.to(direct);
try {
  await describe();
  const groups = options.groups.split(',');
  for (const added of options.latency.split(',').map(Number)) {
    const url = added > 0 ? await slowedTo(added) : direct;
    for (const group of groups) {
      if (isGroup(group)) await runGroup(group, added, url);
      else if (group !== 'age') throw new TypeError(`no group ${group}`);
    }
  }
  if (groups.includes('age')) await age();
} finally {
  network.close();
}
process.exit();

async function runGroup(group: GroupName, added: number, url: string): Promise<void> {
  console.log(`\n### ${GROUPS[group].title}; ${String(added)} ms added\n`);
  const rounds = Number(options.rounds);
  const roundMillis = Number(options['round-ms']);
  const figures = await measure({ group, url, direct, rounds, roundMillis });
  const [first] = figures;
  if (!first) return;
  console.log('| contender | median µs | ratio | CPU of its process, µs |\n|---|--:|--:|--:|');
  for (const each of figures)
    console.log(
      `| ${each.name} | ${median(each.micros).toFixed(0)} | ${ratio(each, first).toFixed(2)} | ${median(each.cpuMicros).toFixed(0)} |`,
    );
  judge(group, added, figures);
}

function judge(group: GroupName, added: number, figures: readonly Figures[]): void {
  const ours = figures.find(({ name }) => name === 'savepoint');
  for (const target of TARGETS) {
    const most = target.most[String(added)];
    const other = figures.find(({ name }) => name === target.against);
    if (target.group !== group || most === undefined || !ours || !other) continue;
    const is = ratio(ours, other);
    const verdict = is <= most ? 'met' : 'MISSED';
    console.log(
      `\nsavepoint over ${target.against}: ${is.toFixed(2)}, target ${String(most)}: ${verdict}`,
    );
  }
}

/** Whether a test late in a long file costs more than an early one, and what is kept of them. */
async function age(): Promise<void> {
  console.log('\n### 10,000 tests in one process\n');
  const worker = await Worker.start({ group: 'test', name: 'savepoint' }, direct, direct);
  try {
    await worker.ask({ do: 'setup', warmUpMillis: 1000 });
    const before = await worker.ask({ do: 'memory' });
    const means: number[] = [];
    for (let block = 0; block < 10; block++)
      means.push(await worker.ask({ do: 'mean', times: 1000 }));
    const after = await worker.ask({ do: 'memory' });
    const [first = NaN] = means;
    const last = means.at(-1) ?? NaN;
    console.log(`mean µs of each thousand: ${means.map((mean) => mean.toFixed(0)).join(' ')}`);
    console.log(`the last thousand over the first: ${(last / first).toFixed(2)}, target 1.1`);
    console.log(`heap before ${inMegabytes(before)}, after ${inMegabytes(after)}`);
  } finally {
    await worker.stop(direct);
  }
}

/** The network slowed so that a round trip of one select takes so much longer; what it costs itself is taken off. */
async function slowedTo(addedMillis: number): Promise<string> {
  const base = await roundTripMicros(direct);
  network.delayMillis = addedMillis / 2;
  let got = await roundTripMicros(network.url);
  for (let corrections = 0; corrections < 2; corrections++) {
    const excessMillis = (got - base) / 1000 - addedMillis;
    network.delayMillis = Math.max(0, network.delayMillis - excessMillis / 2);
    got = await roundTripMicros(network.url);
  }
  console.log(
    `\nround trip of one select: ${base.toFixed(0)} µs, through the slow network ${got.toFixed(0)} µs`,
  );
  return network.url;
}

function roundTripMicros(url: string): Promise<number> {
  return asOwner(url, 'postgres', async (client) => {
    const micros: number[] = [];
    for (let index = 0; index < 400; index++) {
      const began = performance.now();
      await client.query('select $1::int', [index]);
      if (index >= 100) micros.push((performance.now() - began) * 1000);
    }
    return median(micros);
  });
}

async function describe(): Promise<void> {
  const { rows, apart } = await asOwner(direct, 'postgres', async (owner) => ({
    ...(await owner.query<{ version: string; fsync: string }>(
      "select current_setting('server_version') as version, current_setting('fsync') as fsync",
    )),
    apart: await keepOnOtherCores(owner),
  }));
  const { version, fsync } = rows[0] ?? {};
  const [load = 0] = os.loadavg();
  console.log(
    `Node ${process.version}, PostgreSQL ${String(version)}, fsync ${String(fsync)}, ` +
      `${String(os.availableParallelism())} cores (contenders and server ${apart ? 'kept apart' : 'wherever the scheduler puts them'}), load ${load.toFixed(2)}`,
  );
}

function isGroup(name: string): name is GroupName {
  return Object.hasOwn(GROUPS, name);
}

function inMegabytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}
