/** Lints a text with each parser and says what was thrown; a syntax error is the parser's to report. */
import type { ESLint as ESLintClass, Linter } from 'eslint';
import { ESLint } from 'eslint';
import savepoint from 'eslint-plugin-savepoint';
import tseslint from 'typescript-eslint';

export interface Survivor {
  /** What a rule threw, with the parser it happened under; undefined when all went well. */
  readonly crashOf: (text: string, path: string) => Promise<string | undefined>;
  /** How many of the texts so far had no syntax error, under one parser at least. */
  readonly parsed: () => number;
}

const TYPESCRIPT = /\.[mc]?tsx?$/;

/** @param Version ESLint's class, of the version to try */
export function survivor(Version: typeof ESLintClass = ESLint): Survivor {
  const espree = linter(Version, {});
  const typescript = linter(Version, { parser: tseslint.parser });
  let parsed = 0;

  async function crashOf(text: string, path: string): Promise<string | undefined> {
    let isParsed = false;
    for (const [name, eslint] of Object.entries({ espree, typescript })) {
      if (name === 'espree' && TYPESCRIPT.test(path)) continue;
      try {
        const [result] = await eslint.lintText(text, { filePath: path });
        isParsed ||= result?.fatalErrorCount === 0;
      } catch (error) {
        return `${name}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
      }
    }
    if (isParsed) parsed++;
    return undefined;
  }

  return { crashOf, parsed: () => parsed };
}

function linter(
  Version: typeof ESLintClass,
  languageOptions: NonNullable<Linter.Config['languageOptions']>,
): ESLint {
  return new Version({
    cwd: '/',
    ignore: false,
    overrideConfigFile: true,
    overrideConfig: [
      { files: ['**/*.{js,mjs,cjs,jsx,ts,mts,cts,tsx}'], languageOptions },
      {
        files: ['**/*.{js,jsx,tsx}'],
        languageOptions: { parserOptions: { ecmaFeatures: { jsx: true } } },
      },
      savepoint.configs.strict,
    ],
  });
}
