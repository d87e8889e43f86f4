/** Programs that nobody thought of: what the app sees in a sandbox is what it sees on a file of its own. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DRIVERS } from '../runtime/sqlite/drivers.ts';
import { runCampaign } from './campaign.ts';
import type { Family } from './programs.ts';
import { PLACES } from './twins.ts';

/** The same programs in every run: others are for `npm run test:oracle:sqlite`. */
const CAMPAIGNS: readonly (readonly Family[])[] = [
  ['writing', 'reading', 'failing', 'transactions', 'savepoints'],
  ['writing', 'deferred', 'transactions', 'savepoints', 'schema'],
];
const PROGRAMS = 60;
const SEED = 1;
/** More would mean that a sandbox which refuses nearly everything passes. */
const REFUSED_AT_MOST = 3;

for (const driver of DRIVERS)
  for (const place of PLACES)
    for (const families of CAMPAIGNS) {
      test(`${driver.name}, ${place}: ${String(PROGRAMS)} programs of ${families.join(', ')} see the same`, async () => {
        const { agreed, refused, difference } = await runCampaign({
          driver,
          place,
          programs: PROGRAMS,
          seed: SEED,
          families,
        });
        assert.equal(difference, undefined, difference);
        const refusals = [...refused.values()].reduce((sum, times) => sum + times, 0);
        assert.equal(agreed + refusals, PROGRAMS);
        assert.ok(refusals <= REFUSED_AT_MOST, JSON.stringify([...refused]));
      });
    }
