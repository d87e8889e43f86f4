/**
 * The one error savepoint throws for a hazard. Built where the facts are; its words come from the
 * catalogue, so that the editor, the failing test and the docs say the same.
 */
import { channel } from 'node:diagnostics_channel';
import type { HazardId } from '@savepoint/catalogue';
import { fill, wordsFor } from '@savepoint/catalogue/words';
import { formatPlace, type Trace } from './trace.ts';

/** What is known when a hazard is seen. */
export interface HazardFacts {
  /** Values for the placeholders of the entry's `runtime.message`. */
  readonly values?: Readonly<Record<string, string | number>>;
  /** Said instead of the entry's `runtime.message` where one hazard has several faces. */
  readonly happened?: string;
  /** Where the resource was acquired. */
  readonly acquired?: Trace | undefined;
  /** Where it was used or released wrongly, when that is another place. */
  readonly used?: Trace | undefined;
  /** Where it should have been released: a sentence without a full stop. */
  readonly expected?: string;
  /** Said instead of the entry's remedy where the facts allow a more exact one. */
  readonly remedy?: string;
  readonly cause?: unknown;
  /** The test it is about; absent, whoever collects hazards asks which test is running. */
  readonly test?: TestIdentity | undefined;
}

/** A test as reports name it. */
export interface TestIdentity {
  /** With the names of the suites and tests around it; nothing for code of the file outside of tests. */
  readonly name: string | undefined;
  readonly file: string | undefined;
}

/** Every `HazardError` is published here when it is made, for whoever collects evidence. */
export const hazards = channel('savepoint:hazard');

/** A hazard seen in a run. `code` is the id of its catalogue entry: `savepoint explain <code>`. */
export class HazardError extends Error {
  override readonly name = 'HazardError';
  readonly code: HazardId;
  /** What happened, without places and remedy. */
  readonly happened: string;
  readonly acquired: Trace | undefined;
  readonly used: Trace | undefined;
  /** Where the resource should have been released. */
  readonly expected: string | undefined;
  readonly remedy: string;
  readonly test: TestIdentity | undefined;

  constructor(code: HazardId, facts: HazardFacts = {}) {
    const words = wordsFor(code);
    const happened = sentence(facts.happened ?? fill(words.says, facts.values ?? {}));
    const remedy = facts.remedy ?? words.remedy;
    const lines = [
      `${happened} [${code}]`,
      ...place('acquired at', facts.acquired),
      ...place('used at', facts.used),
      ...(facts.expected === undefined ? [] : [`  should have been released: ${facts.expected}`]),
      `  what to do: ${remedy}`,
      `  more: savepoint explain ${code}`,
    ];
    super(lines.join('\n'), facts.cause === undefined ? undefined : { cause: facts.cause });
    this.code = code;
    this.happened = happened;
    this.acquired = facts.acquired;
    this.used = facts.used;
    this.expected = facts.expected;
    this.remedy = remedy;
    this.test = facts.test;
    hazards.publish(this);
  }
}

/** A text that may begin with a placeholder, begun as a sentence; a name in code stays as it is. */
function sentence(text: string): string {
  return text.replace(/^[a-z](?=[a-z]* )/, (letter) => letter.toUpperCase());
}

function place(label: string, trace: Trace | undefined): string[] {
  if (!trace) return [];
  if (trace.place) return [`  ${label}: ${formatPlace(trace.place)}`];
  return trace.frames.length ? [`  ${label}: ${trace.frames[0] ?? ''}`] : [];
}
