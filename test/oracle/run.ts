/**
 * Long runs of the oracles: `npm run test:oracle -- --programs 20000 --seed 1`, or
 * `-- --texts 1000000`. Prints what was run and how fast; a difference as the smallest program or
 * text that shows it.
 */
import { parseArgs } from 'node:util';
import { runCampaign, type Campaign } from './campaign.ts';
import { FAMILY_NAMES, type Family } from './programs.ts';
import { runTextCampaign, type TextOptions } from './text-campaign.ts';

const { values } = parseArgs({
  options: {
    programs: { type: 'string', default: '1000' },
    /** Instead of programs. */
    texts: { type: 'string' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    path: { type: 'string' },
    /** Names of families to draw from, separated by commas. */
    families: { type: 'string', default: FAMILY_NAMES.join(',') },
    /** How many pairs of databases are used at once. */
    lanes: { type: 'string', default: '1' },
  },
});

const seed = Number(values.seed);
/** A long run says something now and then. */
const TEXTS_AT_ONCE = 100_000;

if (values.texts === undefined) await runPrograms(values.families.split(',').map(familyNamed));
else runTexts(Number(values.texts));

function runTexts(count: number): void {
  for (let done = 0, chunk = 0; done < count && !process.exitCode; done += TEXTS_AT_ONCE, chunk++) {
    const texts = Math.min(TEXTS_AT_ONCE, count - done);
    readTexts({ texts, seed: seed + chunk, path: values.path });
  }
}

function readTexts(options: TextOptions): void {
  const begun = performance.now();
  const { texts, parsed, difference } = runTextCampaign(options);
  const seconds = (performance.now() - begun) / 1000;
  console.log(
    `${String(texts)} texts (seed ${String(options.seed)}), ${seconds.toFixed(1)} s, ${(texts / seconds).toFixed(0)} texts/s; ` +
      `${String(parsed)} of them can be parsed`,
  );
  if (difference === undefined) return;
  console.log(`\nThey are read differently:\n${difference}`);
  process.exitCode = 1;
}

function familyNamed(name: string): Family {
  const family = FAMILY_NAMES.find((known) => known === name);
  if (!family) throw new Error(`no family ${name}; there are ${FAMILY_NAMES.join(', ')}`);
  return family;
}

async function runPrograms(chosen: readonly Family[]): Promise<void> {
  const lanes = values.path === undefined ? Number(values.lanes) : 1;
  const share = Math.ceil(Number(values.programs) / lanes);
  const begun = performance.now();
  const campaigns = await Promise.all(
    Array.from({ length: lanes }, (_, lane) =>
      runCampaign({ programs: share, seed: seed + lane, families: chosen, path: values.path }),
    ),
  );
  report(campaigns, (performance.now() - begun) / 1000);
}

function report(campaigns: readonly Campaign[], seconds: number): void {
  const sum = (count: (campaign: Campaign) => number) =>
    campaigns.reduce((total, campaign) => total + count(campaign), 0);
  const refused = new Map<string, number>();
  for (const { tally } of campaigns)
    for (const [code, times] of tally.refused) refused.set(code, (refused.get(code) ?? 0) + times);
  const agreed = sum(({ tally }) => tally.agreed);
  const discarded = sum(({ tally }) => tally.discarded);
  const all = agreed + discarded + [...refused.values()].reduce((a, b) => a + b, 0);
  console.log(
    `${String(all)} programs (seed ${String(seed)}), ${String(sum(({ tally }) => tally.steps))} steps, ` +
      `${seconds.toFixed(1)} s, ${(all / seconds).toFixed(1)} programs/s`,
  );
  console.log(`  agreed to the end: ${String(agreed)}`);
  for (const [code, times] of refused) console.log(`  refused by ${code}: ${String(times)}`);
  console.log(`  discarded, a client hung for real: ${String(discarded)}`);
  const differences = campaigns.flatMap(({ difference }) => difference ?? []);
  for (const difference of differences) console.log(`\nThe sandbox differs:\n${difference}`);
  if (differences.length > 0) process.exitCode = 1;
}
