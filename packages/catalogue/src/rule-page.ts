/** The page of a hazard in `docs/rules`, symptoms first: what a user sees is what a user searches for. */
import type { Detector, Example, Hazard, Sight } from './hazard.ts';

/** The page, as Markdown. */
export function rulePage(entry: Hazard): string {
  const { id, title, cause, remedy, whenNotToUse, evidence } = entry;
  return (
    [
      `# ${title}`,
      `\`${id}\`. ${reportersOf(entry)}`,
      '## What you see',
      ...seen(entry),
      '## Why',
      cause,
      '## What to do',
      remedy,
      ...entry.examples.flatMap(example),
      '## What the linter sees',
      ...sight(entry, 'linter'),
      ...strictSight(entry),
      ...repairs(entry),
      '## What the runtime sees',
      ...sight(entry, 'runtime'),
      '## When not to use it',
      whenNotToUse,
      '## Evidence',
      evidence.map((link) => `- ${linkTo(link)}`).join('\n'),
      '',
    ]
      .join('\n\n')
      .trimEnd() + '\n'
  );
}

/** One sentence: who reports the hazard, and in which presets; or that nobody does. */
export function reportersOf({ id, linter, runtime, presets }: Hazard): string {
  const carriedBy =
    presets.length > 0
      ? ` (${presets.length > 1 ? 'presets' : 'preset'} ${presets.join(', ')})`
      : '';
  const rule = `the ESLint rule \`savepoint/${id}\`${carriedBy}`;
  const reporters = [...(linter ? [rule] : []), ...(runtime ? ['the runtime'] : [])];
  return reporters.length > 0
    ? `Reported by ${reporters.join(' and ')}.`
    : 'Nobody reports it yet: neither source nor a run shows it surely. Here is how to avoid it.';
}

/** The address of a piece of evidence: `owner/repository#number` is a thread on GitHub. */
export function evidenceUrl(link: string): string {
  return link.replace(/^([\w.-]+\/[\w.-]+)#(\d+)$/, 'https://github.com/$1/issues/$2');
}

function seen({ symptoms, signs }: Hazard): string[] {
  const list = signs.map((sign) => `- ${sign}`).join('\n');
  if (symptoms.length === 0) return ['No error of its own:', list];
  return [
    'One of these in the output:',
    fence('text', `${symptoms.join('\n')}\n`),
    'Or no error at all:',
    list,
  ];
}

function example(example: Example): string[] {
  return [
    `### ${capitalised(example.title)}`,
    'Risky:',
    ...listing(example, 'bad', fenced),
    'Safe:',
    ...listing(example, 'good', fenced),
  ];
}

/** The files of an example as paragraphs, what stands beside it first; named where there are several. */
export function listing(
  { file, beside, ...code }: Example,
  which: 'bad' | 'good',
  shown: (code: string, file: string) => string,
): string[] {
  const others = Object.entries(beside?.[which] ?? {});
  if (others.length === 0) return [shown(code[which], file)];
  return [...others, [file, code[which]] as const].flatMap(([name, text]) => [
    `\`${name}\`:`,
    shown(text, name),
  ]);
}

function fenced(code: string, file: string): string {
  return fence(file.endsWith('ts') ? 'ts' : 'js', code);
}

const NOTHING: Readonly<Record<Detector, string>> = {
  linter: 'this shows only in a run.',
  runtime: 'this shows only in the source.',
};

function sight(entry: Hazard, detector: Detector): string[] {
  const sight: Sight | undefined = entry[detector];
  if (!sight) return [`Nothing: ${entry.unseenBy?.[detector] ?? NOTHING[detector]}`];
  return [bullets(sight.sees), 'It cannot see:', bullets(sight.cannotSee)];
}

function strictSight({ linter }: Hazard): string[] {
  const phrases = Object.values(linter?.strictly ?? {});
  if (phrases.length === 0) return [];
  return [
    'With the option `{ strict: true }`, which the preset `strict` sets, also:',
    bullets(phrases),
  ];
}

/** What an editor offers, and what `--fix` does; a rule without either says why. */
function repairs({ linter }: Hazard): string[] {
  if (!linter) return [];
  const { suggestions, fixes, unrepaired } = linter;
  const titles = Object.values(suggestions).map((title) => title.replace(/\{\{\w+\}\}/g, '…'));
  const fixed = fixes === undefined ? [] : [`\`--fix\` ${fixes}`];
  const offered = [...fixed, ...titles];
  return [
    '## What the editor offers',
    offered.length > 0 ? bullets(offered) : `Nothing: ${unrepaired ?? ''}`,
  ];
}

function bullets(phrases: readonly string[]): string {
  return phrases.map((phrase) => `- ${phrase}`).join('\n');
}

function fence(language: string, code: string): string {
  return `\`\`\`${language}\n${code}\`\`\``;
}

function capitalised(phrase: string): string {
  return phrase.charAt(0).toUpperCase() + phrase.slice(1);
}

function linkTo(link: string): string {
  const url = evidenceUrl(link);
  return url === link ? `<${url}>` : `[${link}](${url})`;
}
