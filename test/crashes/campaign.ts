/** Mutates files and lints them until one is not survived. */
import fc from 'fast-check';
import type { SourceFile } from '../support/source-files.ts';
import { mutated, mutations, type Mutation } from './mutations.ts';
import { smallest } from './smallest.ts';
import { survivor, type Survivor } from './survivor.ts';

export interface Outcome {
  readonly linted: number;
  readonly parsed: number;
  readonly crash: Crash | undefined;
}

interface Crash {
  readonly error: string;
  readonly path: string;
  /** The smallest part of the mutated file that still shows it. */
  readonly text: string;
}

/** @param survivor what lints them, and says what was thrown */
export async function mutateAndLint(
  files: readonly SourceFile[],
  { count, seed }: { readonly count: number; readonly seed: number },
  { crashOf, parsed }: Survivor = survivor(),
): Promise<Outcome> {
  let linted = 0;
  const isSurvived = fc.asyncProperty(mutations(files.length), async (mutation) => {
    linted++;
    const { path, text } = textOf(files, mutation);
    return (await crashOf(text, path)) === undefined;
  });
  const { counterexample } = await fc.check(isSurvived, { seed, numRuns: count });
  if (!counterexample) return { linted, parsed: parsed(), crash: undefined };
  const { path, text } = textOf(files, counterexample[0]);
  const part = await smallest(text, async (less) => (await crashOf(less, path)) !== undefined);
  const error = (await crashOf(part, path)) ?? '';
  return { linted, parsed: parsed(), crash: { error, path, text: part } };
}

function textOf(files: readonly SourceFile[], { file, slips }: Mutation) {
  const { path = 'empty.js', code = '' } = files[file] ?? {};
  return { path, text: mutated(code, slips) };
}
