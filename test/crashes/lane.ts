/** One process of a run: its share of the mutations, in a memory of its own. */
import { sourceFiles } from '../support/source-files.ts';
import { mutateAndLint, type Outcome } from './campaign.ts';

/** What a lane is told. */
export interface Order {
  readonly folders: readonly string[];
  readonly maxBytes: number;
  readonly count: number;
  readonly seed: number;
}

export interface Result extends Outcome {
  readonly sources: number;
  /** The most memory it had at once. */
  readonly megabytes: number;
}

process.once('message', (order) => {
  void run(order as Order).then((result) => process.send?.(result));
});

async function run({ folders, maxBytes, count, seed }: Order): Promise<Result> {
  const files = folders
    .flatMap((folder) => sourceFiles(folder, maxBytes))
    .filter(({ code }) => isTestCode(code));
  const outcome = await mutateAndLint(files, { count, seed });
  const megabytes = Math.round(process.resourceUsage().maxRSS / 1024);
  return { ...outcome, sources: files.length, megabytes };
}

/** The rest is left alone by its text, mutated or not. */
function isTestCode(code: string): boolean {
  return /node:test|TestContext|\bt\.after\b/.test(code);
}
