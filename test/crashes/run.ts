/**
 * Half-typed code, much of it: `npm run test:mutations -- --files 100000 --seed 1 --corpus DIR`. Lints
 * files with tokens dropped, doubled, swapped and copied, and files that end early. A crash is told as
 * the smallest file that shows it, and makes the exit code 1.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Order, Result } from './lane.ts';

const ROOT = join(import.meta.dirname, '../..');
const { values } = parseArgs({
  options: {
    /** How many mutated files. */
    files: { type: 'string', default: '1000' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    /** Whose sources are mutated; several times for several. Absent: our own tests and example. */
    corpus: { type: 'string', multiple: true },
    /** Larger files are left out. */
    'max-bytes': { type: 'string', default: '8000' },
    /** How many processes at once. */
    lanes: { type: 'string', default: '1' },
  },
});
const lanes = Number(values.lanes);
const count = Math.ceil(Number(values.files) / lanes);
const folders = values.corpus ?? [join(ROOT, 'test'), join(ROOT, 'docs/example')];
const maxBytes = Number(values['max-bytes']);

const begun = performance.now();
const seeds = Array.from({ length: lanes }, (_, lane) => Number(values.seed) + lane);
await Promise.all(
  seeds.map(async (seed) => {
    tell(seed, await resultOf({ folders, maxBytes, count, seed }));
  }),
);

/** What a lane found. @throws Error when it died, of memory or otherwise */
async function resultOf(order: Order): Promise<Result> {
  const lane = fork(join(import.meta.dirname, 'lane.ts'), {
    execArgv: ['--no-warnings', '--import', 'tsx', '--max-old-space-size=1024'],
  });
  const died = once(lane, 'exit').then(([code]): never => {
    throw new Error(`the lane of seed ${order.seed} ended with ${String(code)}`);
  });
  lane.send(order);
  const [result] = (await Promise.race([once(lane, 'message'), died])) as [Result];
  died.catch(() => undefined);
  lane.kill();
  return result;
}

function tell(seed: number, { linted, parsed, sources, megabytes, crash }: Result): void {
  const seconds = (performance.now() - begun) / 1000;
  console.log(
    `seed ${seed}: ${linted} mutations of ${sources} files, ${parsed} of them without a syntax error; ` +
      `${seconds.toFixed(0)} s, ${megabytes} MB; ${crash ? 'a crash' : 'no crash'}`,
  );
  if (!crash) return;
  console.log(`\n${crash.path}, reduced:\n${crash.text}\n\n${crash.error}`);
  process.exitCode = 1;
}
