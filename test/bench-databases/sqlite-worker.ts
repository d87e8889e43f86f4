/** One contender on SQLite in a process of its own, told by its parent when to run. */
import { runInTest } from '../bench/bare-test.ts';
import { serve, specOf } from '../bench/contender-process.ts';
import { median } from '../bench/statistics.ts';
import { assertEmpty, contenderNamed, threeQueries } from './sqlite-contenders.ts';

export interface Spec {
  readonly group: string;
  readonly name: string;
  /** Where its files lie. */
  readonly folder: string;
}
export type Command =
  | { readonly do: 'setup'; readonly warmUpMillis: number }
  | { readonly do: 'run'; readonly times: number };

const contender = contenderNamed(specOf() as Spec);

/** The median test of so many, in µs. */
async function run(times: number): Promise<number> {
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

/** Runs for a while; answers what a test takes then. */
async function setUp(warmUpMillis: number): Promise<number> {
  await contender.setup();
  let micros = NaN;
  for (const end = performance.now() + warmUpMillis; performance.now() < end;)
    micros = await run(10);
  return micros;
}

async function perform(command: Command): Promise<number> {
  switch (command.do) {
    case 'setup':
      return setUp(command.warmUpMillis);
    case 'run': {
      const micros = await run(command.times);
      await runInTest(async (t) => {
        assertEmpty(await contender.handleFor(t));
      });
      return micros;
    }
  }
}

serve(perform);
