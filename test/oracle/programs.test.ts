/** Programs that nobody thought of: what the app sees in a sandbox is what it sees on the server. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runCampaign, type Tally } from './campaign.ts';
import { FAMILY_NAMES, type Family } from './programs.ts';

/** The same programs in every run: others are for `npm run test:oracle`. */
const CAMPAIGNS: readonly (readonly Family[])[] = [
  ['writing', 'reading', 'failing', 'deferred', 'savepoints', 'copying'],
  ['modes', 'settings', 'roles', 'cursors', 'prepared'],
  ['shared', 'temporary', 'notifying', 'locking', 'schema'],
];
const PROGRAMS = 100;
const SEED = 1;
/** More would mean that a sandbox which refuses nearly everything passes. */
const REFUSED_AT_MOST = 0.1;

for (const families of CAMPAIGNS) {
  test(`${String(PROGRAMS)} random programs of ${families.join(', ')} see the same for real and in a sandbox`, async () => {
    const { tally, difference } = await runCampaign({ programs: PROGRAMS, seed: SEED, families });
    assert.equal(difference, undefined);
    assert.ok(refusedShareOf(tally) <= REFUSED_AT_MOST, `refused: ${describe(tally)}`);
    assert.ok(tally.agreed > 0);
  });
}

test('no family of statements is left out', () => {
  assert.deepEqual(CAMPAIGNS.flat().sort(), FAMILY_NAMES.toSorted());
});

function refusedShareOf({ agreed, discarded, refused }: Tally): number {
  const all = [...refused.values()].reduce((sum, times) => sum + times, 0);
  return (all + discarded) / (agreed + all + discarded);
}

function describe({ refused }: Tally): string {
  return [...refused].map(([code, times]) => `${code} ${String(times)} times`).join(', ');
}
