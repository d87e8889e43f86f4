/** The page of a hazard in `docs/rules`, symptoms first: what a user sees is what a user searches for. */
import type { Example, Hazard, Sight } from './hazard.ts';

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
      ...sight(entry.linter, 'Nothing: this shows only in a run.'),
      '## What the runtime sees',
      ...sight(entry.runtime, 'Nothing: this shows only in the source.'),
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

/** One sentence: who reports the hazard, and in which presets. */
export function reportersOf({ id, linter, runtime, presets }: Hazard): string {
  const carriedBy =
    presets.length > 0
      ? ` (${presets.length > 1 ? 'presets' : 'preset'} ${presets.join(', ')})`
      : '';
  const rule = `the ESLint rule \`savepoint/${id}\`${carriedBy}`;
  const reporters = [...(linter ? [rule] : []), ...(runtime ? ['the runtime'] : [])];
  return `Reported by ${reporters.join(' and ')}.`;
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

function example({ title, file, bad, good }: Example): string[] {
  const language = file.endsWith('ts') ? 'ts' : 'js';
  return [
    `### ${capitalised(title)}`,
    'Risky:',
    fence(language, bad),
    'Safe:',
    fence(language, good),
  ];
}

function sight(sight: Sight | undefined, nothing: string): string[] {
  if (!sight) return [nothing];
  return [bullets(sight.sees), 'It cannot see:', bullets(sight.cannotSee)];
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
