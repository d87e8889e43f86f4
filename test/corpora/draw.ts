/**
 * Draws reports that no label speaks of, to be judged by reading: `npx tsx test/corpora/draw.ts
 * --seed 1 evaluation.json`, of an evaluation over all files. The same seed and the same reports give
 * the same draw, in whatever order the evaluation lists them.
 */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';

interface Report {
  readonly place: string;
  readonly rule: string;
  readonly message: string;
}

interface Evaluation {
  readonly inExhaustive: readonly Report[];
  readonly elsewhere: readonly Report[];
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { seed: { type: 'string' }, count: { type: 'string', default: '50' } },
});
const [file] = positionals;
if (file === undefined || values.seed === undefined) {
  console.error('usage: npx tsx test/corpora/draw.ts --seed 1 [--count 50] evaluation.json');
  process.exit(2);
}
const { inExhaustive, elsewhere } = JSON.parse(readFileSync(file, 'utf8')) as Evaluation;
const unlabelled = [...inExhaustive, ...elsewhere].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
for (const { place, rule, message } of drawn(unlabelled, Number(values.count))) {
  console.log([place, rule.replace(/^.*\//, ''), message].join('\t'));
}
console.error(`${values.count} of ${unlabelled.length}`);

/** So many of them, none twice. */
function drawn<T>(all: readonly T[], count: number): T[] {
  const left = [...all];
  const next = generator(Number(values.seed));
  return Array.from({ length: Math.min(count, left.length) }, () =>
    left.splice(Math.floor(next() * left.length), 1),
  ).flat();
}

function keyOf({ place, rule, message }: Report): string {
  return [place, rule, message].join('\t');
}

/** Numbers from 0 to 1, always the same ones for a seed (mulberry32). */
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
