/**
 * The shape of a catalogue entry. Everything a user reads about a hazard, in the editor, in a
 * failing test, in the docs and from `savepoint explain`, comes from one of these.
 */
import type { Lifetime } from './vocabulary.ts';

export const CATEGORIES = [
  'pool lifecycle',
  'transaction isolation',
  'teardown',
  'process state',
  'network',
  'migrations',
  'app wiring',
] as const;
export type Category = (typeof CATEGORIES)[number];

/** A preset of the ESLint plugin. Everything in `recommended` is in `strict` too. */
export const PRESETS = ['recommended', 'strict'] as const;
export type Preset = (typeof PRESETS)[number];

export const DETECTORS = ['linter', 'runtime'] as const;
/** Who can see a hazard: the linter from source, the runtime from the run. */
export type Detector = (typeof DETECTORS)[number];

/** What one detector can and cannot see, as sentences for the rule page. */
export interface Sight {
  readonly sees: readonly [string, ...string[]];
  readonly cannotSee: readonly [string, ...string[]];
}

/** What the linter can see, with its messages by ESLint `messageId`; `{{x}}` is a placeholder. */
export interface LinterSight extends Sight {
  readonly messages: Readonly<Record<string, string>>;
  /** Titles of the suggestions, by `messageId`. */
  readonly suggestions: Readonly<Record<string, string>>;
  /** What `--fix` does by itself, as a phrase: nothing that could alter what a test does. */
  readonly fixes?: string;
  /** Why nothing is offered, as a sentence for the rule page: where there are neither suggestions nor fixes. */
  readonly unrepaired?: string;
  /** What is seen only with the rule's option `strict`, which the preset of that name sets: phrases by `messageId`. */
  readonly strictly?: Readonly<Record<string, string>>;
}

/**
 * What the runtime can see; `message` says what happened, as a sentence. `{{x}}` is a placeholder;
 * `{{test}}` is filled with `test "its name"`, or with `the file` or `the suite "its name"`.
 */
export interface RuntimeSight extends Sight {
  readonly message: string;
}

/** The text of files by their names. */
export type Files = Readonly<Record<string, string>>;

/** A whole test file, run and linted by the catalogue's own tests. */
export interface Example {
  /** What the example shows, as a phrase. */
  readonly title: string;
  /** The file's name; the ending decides module system and language. */
  readonly file: string;
  readonly bad: string;
  readonly good: string;
  /** What stands beside the file, where it takes more than one to show the hazard: the app, another test file. */
  readonly beside?: { readonly bad: Files; readonly good: Files };
  /**
   * Who reports `bad`, each under this hazard's id; nobody reports `good`. Where no detector can,
   * `bad` fails, and its output shows a symptom of the hazard, if it has any.
   */
  readonly reportedBy: readonly Detector[];
  /** Ids that `bad` cannot help but show too: most faults bring company. */
  readonly alongside?: readonly string[];
}

export interface Hazard {
  /** The ESLint rule, `HazardError.code`, the page in `docs/rules` and the argument of `explain`. */
  readonly id: string;
  /** One imperative sentence without a full stop. */
  readonly title: string;
  readonly category: Category;
  /** Verbatim error texts that users paste into a search box; `…` stands for what differs. */
  readonly symptoms: readonly string[];
  /** What is seen where no error text is printed, or beside it: phrases in lower case. */
  readonly signs: readonly [string, ...string[]];
  readonly cause: string;
  /** What to do, in one or two sentences; stands in every message of the runtime. */
  readonly remedy: string;
  readonly severity: 'error';
  readonly presets: readonly Preset[];
  readonly linter?: LinterSight;
  readonly runtime?: RuntimeSight;
  /** Why a detector does not see it, as a sentence for the rule page; both, where neither does. */
  readonly unseenBy?: Partial<Readonly<Record<Detector, string>>>;
  /** Where the hazard is a fault in a lifetime: whether this lifetime has it. */
  readonly fault?: (lifetime: Lifetime) => boolean;
  /** `owner/repository#number` of a GitHub thread, or a URL. */
  readonly evidence: readonly [string, ...string[]];
  /** When to leave the rule off. */
  readonly whenNotToUse: string;
  readonly examples: readonly [Example, ...Example[]];
}

/** Checks the entry's type and keeps the literal type of its id. */
export function defineHazard<const Id extends string>(
  hazard: Hazard & { readonly id: Id },
): Hazard & { readonly id: Id } {
  return hazard;
}

/** Fills the `{{x}}` placeholders of a catalogue text. @throws TypeError when a placeholder has no value. */
export function fill(text: string, values: Readonly<Record<string, string | number>>): string {
  return text.replace(/\{\{(\w+)\}\}/g, (_, name: string) => {
    const value = values[name];
    if (value === undefined)
      throw new TypeError(`no value for the placeholder {{${name}}} in: ${text}`);
    return String(value);
  });
}
