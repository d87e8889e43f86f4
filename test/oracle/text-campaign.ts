/** Many random texts, read by us and by the server's own parser. */
import fc from 'fast-check';
import { assertSameReading } from './reading.ts';
import { texts } from './texts.ts';

export interface TextCampaign {
  readonly texts: number;
  /** How many of them the server can parse. */
  readonly parsed: number;
  /** What differs, and how to see it again; undefined when nothing does. */
  readonly difference: string | undefined;
}

export interface TextOptions {
  readonly texts: number;
  readonly seed: number;
  /** Of an earlier failure. */
  readonly path?: string | undefined;
}

/** Reads random texts both ways. */
export function runTextCampaign({ texts: numRuns, seed, path }: TextOptions): TextCampaign {
  let parsed = 0;
  const property = fc.property(texts(), (sql) => {
    if (assertSameReading(sql)) parsed++;
  });
  const details = fc.check(property, { numRuns, seed, ...(path !== undefined && { path }) });
  return {
    texts: details.numRuns,
    parsed,
    difference: details.failed ? describe(details) : undefined,
  };
}

function describe({
  seed,
  counterexample,
  counterexamplePath,
  errorInstance,
}: fc.RunDetails<[string]>): string {
  const [sql = ''] = counterexample ?? [];
  const said = errorInstance instanceof Error ? errorInstance.message : String(errorInstance);
  const again = `npm run test:oracle -- --texts 1 --seed ${String(seed)} --path ${String(counterexamplePath)}`;
  return [JSON.stringify(sql), said, `again: ${again}`].join('\n');
}
