/** What rules cost beside the parse of the same file, as ESLint's own `stats` tell it. */
import { ESLint, type Linter } from 'eslint';
import tseslint from 'typescript-eslint';
import { median } from '../bench/statistics.ts';
import type { SourceFile } from '../support/source-files.ts';

/** Milliseconds that one lint of one file took. */
interface Pass {
  readonly parse: number;
  readonly rules: Readonly<Record<string, number>>;
}

/** The passes over one file, in order. The first one of a process compiles what the others run. */
interface Measured {
  readonly file: SourceFile;
  readonly passes: readonly Pass[];
}

/**
 * The times of each set of configs, by its name, on each file that parses. They take turns: a machine
 * that slows down slows them all.
 */
export async function passesOf(
  contenders: ReadonlyMap<string, readonly Linter.Config[]>,
  files: readonly SourceFile[],
  rounds: number,
): Promise<ReadonlyMap<string, readonly Measured[]>> {
  const lanes = [...contenders].map(([name, configs]) => ({
    name,
    eslint: eslintOf(configs),
    measured: files.map((file) => ({ file, passes: [] as Pass[] })),
  }));
  for (let round = 0; round < rounds; round++) {
    for (const [index, file] of files.entries()) {
      for (const { eslint, measured } of lanes) {
        const pass = await passOf(eslint, file);
        if (pass) measured[index]?.passes.push(pass);
      }
    }
  }
  return new Map(
    lanes.map(({ name, measured }) => [name, measured.filter(({ passes }) => passes.length > 0)]),
  );
}

/** An ESLint that lints what it is given by these configs, wherever the file lies. */
function eslintOf(configs: readonly Linter.Config[]): ESLint {
  const { parser } = tseslint;
  return new ESLint({
    cwd: '/',
    ignore: false,
    stats: true,
    overrideConfigFile: true,
    overrideConfig: [
      { files: ['**/*.{js,mjs,cjs,jsx,ts,mts,cts,tsx}'], linterOptions: { noInlineConfig: true } },
      ...configs,
      { languageOptions: { parserOptions: { ecmaFeatures: { jsx: true } } } },
      { files: ['**/*.{ts,mts,cts,tsx}'], languageOptions: { parser } },
      {
        files: ['**/*.{ts,mts,cts}'],
        languageOptions: { parserOptions: { ecmaFeatures: { jsx: false } } },
      },
    ],
  });
}

async function passOf(eslint: ESLint, file: SourceFile): Promise<Pass | undefined> {
  const [result] = await eslint.lintText(file.code, { filePath: pathByModule(file) });
  const [pass] = result?.stats?.times.passes ?? [];
  if (!pass?.parse || result?.messages.some(({ fatal }) => fatal)) return undefined;
  const rules = Object.entries(pass.rules ?? {}).filter(([id]) => id !== 'total');
  return {
    parse: pass.parse.total,
    rules: Object.fromEntries(rules.map(([id, { total }]) => [id, total])),
  };
}

/** Node reads a `.js` without a package's type by its syntax. */
function pathByModule({ path, code }: SourceFile): string {
  if (!path.endsWith('.js')) return path;
  return `${path.slice(0, -2)}${/^(import|export)\b/m.test(code) ? 'mjs' : 'cjs'}`;
}

export interface Sums {
  readonly files: number;
  readonly parse: number;
  readonly rules: number;
  readonly perRule: ReadonlyMap<string, number>;
}

/** Summed over files: of each file the first pass, or the median of those after it. */
export function sumsOf(measured: readonly Measured[], which: 'first' | 'warm'): Sums {
  const typical = (passes: readonly Pass[], of: (pass: Pass) => number) =>
    median((which === 'first' ? passes.slice(0, 1) : passes.slice(1)).map(of));
  const perRule = new Map<string, number>();
  let [parse, rules] = [0, 0];
  for (const { passes } of measured) {
    parse += typical(passes, (pass) => pass.parse);
    for (const id of Object.keys(passes[0]?.rules ?? {})) {
      const time = typical(passes, (pass) => pass.rules[id] ?? 0);
      rules += time;
      perRule.set(id, (perRule.get(id) ?? 0) + time);
    }
  }
  return { files: measured.length, parse, rules, perRule };
}
