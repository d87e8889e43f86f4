/**
 * Long runs of the oracle on SQLite: `npm run test:oracle:sqlite -- --programs 20000 --seed 1`.
 * Prints what was run and how fast; a difference as the smallest program that shows it.
 */
import { parseArgs } from 'node:util';
import { DRIVERS } from '../runtime/sqlite/drivers.ts';
import { runCampaign, type Campaign } from './campaign.ts';
import { FAMILY_NAMES } from './programs.ts';
import { PLACES } from './twins.ts';

const { values } = parseArgs({
  options: {
    /** For each driver and place. */
    programs: { type: 'string', default: '1000' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    path: { type: 'string' },
    /** Names separated by commas, as the others. */
    families: { type: 'string', default: FAMILY_NAMES.join(',') },
    places: { type: 'string', default: PLACES.join(',') },
    driver: { type: 'string' },
  },
});

// Notes to a test's author are not what is looked for.
process.removeAllListeners('warning');
const families = chosen(FAMILY_NAMES, values.families);
const places = chosen(PLACES, values.places);

for (const driver of DRIVERS.filter(({ name }) => (values.driver ?? name) === name)) {
  for (const place of places) {
    const begun = performance.now();
    const seed = Number(values.seed);
    const options = { driver, place, seed, families, programs: Number(values.programs) };
    const campaign = await runCampaign({ ...options, path: values.path });
    const seconds = (performance.now() - begun) / 1000;
    console.log(`${driver.name}, ${place}: ${summaryOf(campaign, seed, seconds)}`);
    if (campaign.difference === undefined) continue;
    console.log(`\nThe sandbox differs:\n${campaign.difference}`);
    process.exitCode = 1;
  }
}

function summaryOf({ agreed, refused }: Campaign, seed: number, seconds: number): string {
  const refusals = [...refused].map(([code, times]) => `${String(times)} refused by ${code}`);
  return [
    `seed ${String(seed)}`,
    `${seconds.toFixed(1)} s`,
    `${String(agreed)} agreed`,
    ...refusals,
  ].join(', ');
}

function chosen<Name extends string>(names: readonly Name[], given: string): readonly Name[] {
  return given.split(',').map((wanted) => {
    const found = names.find((name) => name === wanted);
    if (found === undefined) throw new TypeError(`no ${wanted}; there are ${names.join(', ')}`);
    return found;
  });
}
