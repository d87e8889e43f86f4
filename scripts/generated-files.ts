/**
 * What is derived and kept in the repository: from the catalogue the rule pages, their index, the words
 * of errors, the tables of two READMEs and the page of resources, from the example the code in the guide, from the sandbox its limits.
 * Writes nothing.
 */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { chaptersWithCode } from './guide-code.ts';
import { textOf, type GeneratedFiles } from './stale-files.ts';
import { limitsPage } from '../runtime/src/pg/limits.ts';
import {
  CATEGORIES,
  HAZARDS,
  RESOURCES,
  resourcePage,
  rulePage,
  type Hazard,
} from '../packages/catalogue/src/index.ts';

const PAGES = 'docs/rules';
const WORDS = 'packages/catalogue/src/hazards/words.ts';

/**
 * Every derived file as it should be.
 * @param root the folder of the repository
 * @throws Error when a README lacks the markers between which its table stands
 */
export async function generatedFiles(root: string): Promise<GeneratedFiles> {
  const files = new Map<string, string | undefined>();
  for (const page of await pagesIn(root)) files.set(page, undefined);
  for (const entry of HAZARDS) files.set(`${PAGES}/${entry.id}.md`, rulePage(entry));
  files.set(`${PAGES}/README.md`, index());
  files.set('README.md', await withTable(root, 'README.md', 'hazards', hazardTable()));
  files.set(
    'eslint-plugin/README.md',
    await withTable(root, 'eslint-plugin/README.md', 'rules', ruleTable()),
  );
  for (const [chapter, text] of await chaptersWithCode(root)) files.set(chapter, text);
  files.set('docs/guide/limits.md', await format(limitsPage(), { parser: 'markdown' }));
  files.set(
    'docs/guide/resources.md',
    await format(resourcePage(RESOURCES), { parser: 'markdown' }),
  );
  files.set(WORDS, await wordsModule(root));
  return files;
}

async function pagesIn(root: string): Promise<string[]> {
  const names = await readdir(join(root, PAGES)).catch(() => []);
  return names.filter((name) => name.endsWith('.md')).map((name) => `${PAGES}/${name}`);
}

/** What errors say, without the entries around it. */
async function wordsModule(root: string): Promise<string> {
  const words = HAZARDS.map((entry: Hazard) => {
    const { id, title, remedy, runtime } = entry;
    return [id, { says: runtime?.message ?? title, remedy }] as const;
  });
  const text = `/** What errors say of each hazard. Generated from the entries. */
import type { HazardId } from '../catalogue.ts';
import type { Words } from '../words.ts';

export const WORDS: Readonly<Record<HazardId, Words>> = ${JSON.stringify(Object.fromEntries(words))};
`;
  const options = await resolveConfig(join(root, WORDS));
  return format(text, { ...options, parser: 'typescript' });
}

// ---- tables

type Row = readonly string[];

function hazardTable(): Row[] {
  return [
    ['hazard', 'instead', 'linter', 'runtime'],
    ...byCategory().map((entry: Hazard) => [
      `[\`${entry.id}\`](${PAGES}/${entry.id}.md)`,
      entry.title,
      entry.linter ? presetOf(entry) : '',
      entry.runtime ? 'yes' : '',
    ]),
  ];
}

function ruleTable(): Row[] {
  const rules = byCategory().filter(({ linter }) => linter);
  return [
    ['rule', 'instead', 'preset', 'repair'],
    ...rules.map((entry: Hazard) => [
      // The address that an editor opens for a rule ends in this anchor.
      `<a id="${entry.id}"></a>[\`savepoint/${entry.id}\`](../${PAGES}/${entry.id}.md)`,
      entry.title,
      presetOf(entry),
      repairOf(entry),
    ]),
  ];
}

function repairOf({ linter }: Hazard): string {
  const suggests = Object.keys(linter?.suggestions ?? {}).length > 0;
  return [...(linter?.fixes ? ['fix'] : []), ...(suggests ? ['suggestion'] : [])].join(', ');
}

function byCategory(): Hazard[] {
  return CATEGORIES.flatMap((category) => HAZARDS.filter((entry) => entry.category === category));
}

/** The narrowest preset that carries a rule; `strict` has all of `recommended`. */
function presetOf({ presets }: Hazard): string {
  return presets.includes('recommended') ? 'recommended' : (presets[0] ?? '');
}

function index(): string {
  const sections = CATEGORIES.flatMap((category) => {
    const entries = HAZARDS.filter((entry) => entry.category === category);
    const lines = entries.map(({ id, title }) => `- [\`${id}\`](${id}.md): ${title}`);
    return lines.length > 0 ? [`## ${category}`, lines.join('\n')] : [];
  });
  const intro =
    'One page per hazard. Its name is the same everywhere: the ESLint rule `savepoint/<name>`, the `code` of the error ' +
    'a test fails with, `savepoint explain <name>`.';
  return ['# Hazards', intro, ...sections].join('\n\n') + '\n';
}

async function withTable(root: string, path: string, marker: string, rows: Row[]): Promise<string> {
  const text = (await textOf(join(root, path))) ?? '';
  const begin = `<!-- ${marker}:begin -->`;
  const end = `<!-- ${marker}:end -->`;
  const [head, rest] = splitAt(text, begin);
  const tail = rest === undefined ? undefined : splitAt(rest, end)[1];
  if (tail === undefined)
    throw new Error(
      `${path} lacks the markers ${begin} and ${end}, between which the table of ${marker} stands`,
    );
  return `${head}${begin}\n\n${await table(rows)}\n${end}${tail}`;
}

function splitAt(text: string, separator: string): [string, string | undefined] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + separator.length)];
}

/** As Prettier would have it, which also checks the READMEs around it. */
async function table([head = [], ...body]: Row[]): Promise<string> {
  const rows = [head, head.map(() => '---'), ...body];
  return format(rows.map((cells) => `| ${cells.join(' | ')} |`).join('\n'), { parser: 'markdown' });
}
