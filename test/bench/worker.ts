/** One contender on PostgreSQL in a process of its own, told by its parent when to run. */
import { runInTest } from './bare-test.ts';
import { BODIES } from './contender.ts';
import { serve, specOf } from './contender-process.ts';
import { contenderNamed, GROUPS, type GroupName } from './contenders.ts';
import { median } from './statistics.ts';

export interface Spec {
  readonly group: GroupName;
  readonly name: string;
  readonly url: string;
}
export type Command =
  | { readonly do: 'setup'; readonly warmUpMillis: number }
  | { readonly do: 'run'; readonly times: number }
  | { readonly do: 'mean'; readonly times: number }
  | { readonly do: 'memory' }
  | { readonly do: 'cpu' }
  | { readonly do: 'teardown' };

const { group, name, url } = specOf() as Spec;
const contender = contenderNamed(group, name);
const body = BODIES[GROUPS[group].body];
const isTest = GROUPS[group].body === 'threeQueries';

/** A test in a test's context, whoever isolates it; a statement as it is. */
function runOnce(): Promise<void> {
  return isTest ? runInTest((t) => contender.run(body, t)) : contender.run(body);
}

/** The median run of so many, or the mean where they run at once; in µs. */
async function run(times: number): Promise<number> {
  const micros = contender.atOnce ? [await runAtOnce(times)] : await runInTurn(times);
  await contender.afterRound?.();
  return median(micros);
}

async function runInTurn(times: number): Promise<number[]> {
  const micros: number[] = [];
  let last = performance.now();
  for (let index = 0; index < times; index++) {
    await runOnce();
    const now = performance.now();
    micros.push((now - last) * 1000);
    last = now;
  }
  return micros;
}

async function runAtOnce(times: number): Promise<number> {
  const began = performance.now();
  await Promise.all(Array.from({ length: times }, runOnce));
  return ((performance.now() - began) * 1000) / times;
}

async function mean(times: number): Promise<number> {
  const micros = await runInTurn(times);
  return micros.reduce((sum, each) => sum + each, 0) / times;
}

/** So many runs until nearly all of a contender's code is compiled: on a busy machine a time alone is too few. */
const WARM_RUNS = 3000;

/** Sets up and runs for a while; answers what a run takes then, in µs. */
async function setUp(warmUpMillis: number): Promise<number> {
  await contender.setup(url);
  const began = performance.now();
  let micros = 0;
  for (let runs = 0; ; runs += 5) {
    const spent = performance.now() - began;
    if (spent > 8 * warmUpMillis || (spent > warmUpMillis && runs >= WARM_RUNS)) return micros;
    micros = await run(5);
  }
}

/** What this process has worked so far. */
function cpuMicros(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

async function perform(command: Command): Promise<number> {
  switch (command.do) {
    case 'setup':
      return setUp(command.warmUpMillis);
    case 'run':
      return run(command.times);
    case 'mean':
      return mean(command.times);
    case 'memory':
      globalThis.gc?.();
      return process.memoryUsage().heapUsed;
    case 'cpu':
      return cpuMicros();
    case 'teardown':
      await contender.teardown();
      return 0;
  }
}

serve(perform);
