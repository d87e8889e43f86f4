/**
 * `npm run test:faults -- --kills 200 [--seed 1]`: kills that many runs at random moments, and counts
 * what is left after the next start. Anything but nothing is a failure.
 */
import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import { killRuns, KINDS } from './killed-runs.ts';

const { values } = parseArgs({
  options: { kills: { type: 'string', default: '20' }, seed: { type: 'string' } },
});

if (process.platform !== 'linux') {
  console.error('What is left is counted in /proc, which only Linux has.');
  process.exit(2);
}
const NAMESPACE = 'SAVEPOINT_FAULTS_MEMORY';
// Among the shared memory of all that runs on a machine, ours cannot be told from others'.
const asked = process.env[NAMESPACE] ?? enterOwnMemory();
const ownMemory = asked === 'own';
const seed = Number(values.seed ?? Math.floor(Math.random() * 1e9));
const kills = Number(values.kills);
console.log(
  `${kills} kills, --seed ${seed}${ownMemory ? '' : ' (shared memory is not counted: it takes root)'}`,
);

const sums = Object.fromEntries(KINDS.map((kind) => [kind, 0]));
for await (const { number, what, left } of killRuns({ kills, seed, ownMemory })) {
  const found = KINDS.flatMap((kind) => left[kind].map((name) => `\n    ${kind}: ${name}`));
  for (const kind of KINDS) sums[kind] = (sums[kind] ?? 0) + left[kind].length;
  if (found.length > 0) process.exitCode = 1;
  console.log(`${number} ${what}: ${found.length} left${found.join('')}`);
}
console.log(`left: ${KINDS.map((kind) => `${kind} ${sums[kind] ?? 0}`).join(', ')}`);

/** Runs all this again where no other program's shared memory is seen, if that is allowed. */
function enterOwnMemory(): string {
  const command = [process.execPath, ...process.execArgv, ...process.argv.slice(1)];
  if (spawnSync('unshare', ['--ipc', 'true']).status !== 0) return 'shared';
  const env = { ...process.env, [NAMESPACE]: 'own' };
  const { status } = spawnSync('unshare', ['--ipc', ...command], { env, stdio: 'inherit' });
  process.exit(status ?? 1);
}
