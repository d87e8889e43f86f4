/** Many random programs, what came of them, and the smallest one that shows a difference. */
import fc from 'fast-check';
import type { DriverHere } from '../runtime/sqlite/drivers.ts';
import { formatProgram, type Program } from './program.ts';
import { programs, type Family } from './programs.ts';
import { havingAt, Twins, type Place } from './twins.ts';

export interface CampaignOptions {
  readonly driver: DriverHere;
  readonly place: Place;
  readonly programs: number;
  readonly seed: number;
  readonly families: readonly Family[];
  /** Of an earlier failure, to begin with the program that failed. */
  readonly path?: string | undefined;
}

export interface Campaign {
  readonly agreed: number;
  readonly refused: ReadonlyMap<string, number>;
  /** What differs, and how to see it again; undefined when nothing does. */
  readonly difference: string | undefined;
}

export async function runCampaign(options: CampaignOptions): Promise<Campaign> {
  const twins = new Twins(options.driver, options.place);
  try {
    return await runOn(twins, options);
  } finally {
    twins.end();
  }
}

async function runOn(twins: Twins, options: CampaignOptions): Promise<Campaign> {
  const refused = new Map<string, number>();
  let agreed = 0;
  const property = fc.asyncProperty(
    programs(options.families, havingAt(options)),
    async (program) => {
      const verdict = await twins.compare(program);
      if (verdict.is === 'agreed') agreed++;
      else refused.set(verdict.code, (refused.get(verdict.code) ?? 0) + 1);
    },
  );
  const { seed, path } = options;
  const details = await fc.check(property, {
    numRuns: options.programs,
    seed,
    ...(path !== undefined && { path }),
  });
  return { agreed, refused, difference: details.failed ? describe(details, options) : undefined };
}

function describe(
  { seed, counterexample, counterexamplePath, errorInstance }: fc.RunDetails<[Program]>,
  { driver, place, families }: CampaignOptions,
): string {
  const [program = []] = counterexample ?? [];
  const said = errorInstance instanceof Error ? errorInstance.message : String(errorInstance);
  return [
    formatProgram(program),
    said,
    `again: npm run test:oracle:sqlite -- --driver ${driver.name} --places ${place} --families ${families.join(',')} --seed ${String(seed)} --path ${String(counterexamplePath)}`,
  ].join('\n');
}
