/**
 * The lists of the files that stand side by side: hazards, rules. Made before anything that reads
 * the catalogue, which is the first of them. Writes nothing.
 */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { RANKING } from '../packages/catalogue/src/hazards/ranking.ts';
import type { GeneratedFiles } from './stale-files.ts';

/** Both lists as they should be. @param root the folder of the repository */
export async function generatedLists(root: string): Promise<GeneratedFiles> {
  const files = new Map<string, string>();
  for (const list of [HAZARDS, RULES]) files.set(list.path, await moduleOf(root, list));
  return files;
}

interface List {
  readonly path: string;
  readonly folder: string;
  readonly render: (ids: readonly string[]) => string;
}

const HAZARDS: List = {
  path: 'packages/catalogue/src/hazards/index.ts',
  folder: 'packages/catalogue/src/hazards',
  render: (
    ids,
  ) => `/** All hazards, the most harmful first. Generated from the files beside it and their ranking. */
${ids.map((id) => `import { ${camelCase(id)} } from './${id}.ts';`).join('\n')}

export const HAZARDS = [${ids.toSorted(byHarm).map(camelCase).join(', ')}] as const;
`,
};

const RULES: List = {
  path: 'eslint-plugin/src/rules.ts',
  folder: 'eslint-plugin/src/rules',
  render: (ids) => `/** All rules: one file each. Generated from the files in \`rules/\`. */
import type { Rule } from 'eslint';
${ids.map((id) => `import ${camelCase(id)} from './rules/${id}.ts';`).join('\n')}

export const rules = {${ids.map((id) => `'${id}': ${camelCase(id)}`).join(', ')}} satisfies Record<string, Rule.RuleModule>;
`,
};

async function moduleOf(root: string, { folder, render }: List): Promise<string> {
  const names = await readdir(join(root, folder));
  const ids = names.filter((name) => /^(no|require)-.*\.ts$/.test(name)).toSorted();
  const text = render(ids.map((name) => name.replace('.ts', '')));
  const options = await resolveConfig(join(root, folder, 'index.ts'));
  return format(text, { ...options, parser: 'typescript' });
}

/** What is not ranked comes last. */
function byHarm(one: string, other: string): number {
  const [a, b] = [RANKING.indexOf(one), RANKING.indexOf(other)];
  return (a < 0 ? RANKING.length : a) - (b < 0 ? RANKING.length : b);
}

function camelCase(id: string): string {
  return id.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
}
