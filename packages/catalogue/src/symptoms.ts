/**
 * From what a user saw to the hazards that show themselves so: pasted output is compared with the
 * entries' symptoms. Knows texts only, no detector and no terminal.
 */
import { stripVTControlCharacters } from 'node:util';
import type { HazardId } from './catalogue.ts';
import { HAZARDS } from './hazards/index.ts';

/** A hazard that a text speaks of, and why. */
export interface Match {
  readonly id: HazardId;
  /** Whether the text names the hazard or shows one of its symptoms. */
  readonly by: 'id' | 'symptom';
  /** The id or the symptom, as the catalogue has it. */
  readonly matched: string;
  /** The piece of the text that matched, on one line. */
  readonly found: string;
}

/** What stands for `…` in a symptom: a path, a name, a number, some of each; at its end, one word. */
const ANYTHING = '.{0,300}?';
const ANY_WORD = '\\S*';
const ANY_QUOTE = '["\'`]';
/** An id is found in `savepoint/no-fixed-port` and `[no-fixed-port]`, not in `my-no-fixed-port`. */
const NO_WORD_BEFORE = '(?<![\\w-])';
const NO_WORD_AFTER = '(?![\\w-])';

/**
 * The hazards a text speaks of: its ids in it, in the order they stand there, then those one of whose symptoms
 * it shows, the one with most letters in common first. Colours, line breaks, indentation, kinds of
 * quotes and what stands for `…` in a symptom make no difference.
 *
 * @param text an id, part of one, or any output: an error with its stack, the report of a run
 * @returns each hazard once; empty when nothing is known
 */
export function findHazards(text: string): Match[] {
  const line = onOneLine(text);
  const named = idsIn(line);
  const shown = HAZARDS.flatMap(({ id, symptoms }) =>
    strongest(symptoms.flatMap((symptom) => matchesOf(id, symptom, line))),
  );
  const ids = new Set(named.map(({ id }) => id));
  return [...named, ...shown.filter(({ id }) => !ids.has(id)).sort(byStrength)];
}

function onOneLine(text: string): string {
  return stripVTControlCharacters(text)
    .replace(/^[\s#>|│]+/gm, ' ')
    .replace(/[“”„]/g, '"')
    .replace(/[‘’]/g, "'")
    .replace(/\s+/g, ' ')
    .trim();
}

function idsIn(line: string): Match[] {
  const isPartOfId = /^[a-z]+(-[a-z]+)+$/.test(line);
  return HAZARDS.flatMap(({ id }): (Match & { at: number })[] => {
    const at = line.search(new RegExp(`${NO_WORD_BEFORE}${id}${NO_WORD_AFTER}`));
    if (at >= 0) return [{ id, by: 'id', matched: id, found: id, at }];
    return isPartOfId && id.includes(line)
      ? [{ id, by: 'id', matched: id, found: line, at: 0 }]
      : [];
  })
    .sort((a, b) => a.at - b.at)
    .map(({ id, by, matched, found }) => ({ id, by, matched, found }));
}

function matchesOf(id: HazardId, symptom: string, line: string): Match[] {
  const found = patternOf(symptom).exec(line)?.[0];
  return found === undefined ? [] : [{ id, by: 'symptom', matched: symptom, found }];
}

/** Symptoms are matched whole words at their edges: `EADDRINUSE`, not a part of another name. */
function patternOf(symptom: string): RegExp {
  const source = onOneLine(symptom)
    .replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
    .replace(/["'`]/g, ANY_QUOTE)
    .replace(/…$/, ANY_WORD)
    .replaceAll('…', ANYTHING);
  return new RegExp(`(?<!\\w)${source}(?!\\w)`, 'i');
}

function strongest(matches: readonly Match[]): Match[] {
  return [...matches].sort(byStrength).slice(0, 1);
}

function byStrength(a: Match, b: Match): number {
  return strength(b) - strength(a);
}

/** The letters that text and symptom have in common. */
function strength({ matched }: Match): number {
  return matched.replaceAll('…', '').length;
}
