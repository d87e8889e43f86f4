/** Many random programs, what came of them, and the smallest one that shows a difference. */
import fc from 'fast-check';
import { formatProgram, type Program } from './program.ts';
import { programs, type Family } from './programs.ts';
import { Twins } from './twins.ts';

export interface CampaignOptions {
  readonly programs: number;
  readonly seed: number;
  readonly families: readonly Family[];
  /** Of an earlier failure, to begin with the program that failed. */
  readonly path?: string | undefined;
}

export interface Tally {
  agreed: number;
  discarded: number;
  /** Steps of all programs. */
  steps: number;
  readonly refused: Map<string, number>;
}

export interface Campaign {
  readonly tally: Tally;
  /** What differs, and how to see it again; undefined when nothing does. */
  readonly difference: string | undefined;
}

/** Runs programs one after another on twins of their own. */
export async function runCampaign(options: CampaignOptions): Promise<Campaign> {
  const twins = await Twins.open();
  try {
    return await runOn(twins, options);
  } finally {
    await twins.end();
  }
}

async function runOn(
  twins: Twins,
  { programs: numRuns, seed, families, path }: CampaignOptions,
): Promise<Campaign> {
  const tally: Tally = { agreed: 0, discarded: 0, steps: 0, refused: new Map() };
  let failed = false;
  const property = fc.asyncProperty(programs(families), async (program) => {
    try {
      await count(program);
    } catch (error) {
      failed = true;
      throw error;
    }
  });
  // What is tried while a failure is made smaller is no program of the run.
  const count = async (program: Program) => {
    const verdict = await twins.compare(program);
    if (failed) return;
    tally.steps += program.length;
    if (verdict.is === 'agreed') tally.agreed++;
    else if (verdict.is === 'discarded') tally.discarded++;
    else tally.refused.set(verdict.code, (tally.refused.get(verdict.code) ?? 0) + 1);
  };
  const details = await fc.check(property, {
    numRuns,
    seed,
    ...(path !== undefined && { path }),
  });
  return { tally, difference: details.failed ? describe(details) : undefined };
}

function describe({
  seed,
  counterexample,
  counterexamplePath,
  errorInstance,
}: fc.RunDetails<[Program]>): string {
  const [program = []] = counterexample ?? [];
  const said = errorInstance instanceof Error ? errorInstance.message : String(errorInstance);
  return [
    formatProgram(program),
    said,
    `again: npm run test:oracle -- --seed ${String(seed)} --path ${String(counterexamplePath)}`,
  ].join('\n');
}
