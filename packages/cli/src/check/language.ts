/** In which language a file is written, told by its ending and, for `.js`, by its syntax, as Node tells it. */
import type { Linter } from 'eslint';
import { TYPESCRIPT_FILE } from './test-file.ts';

const JSX = { parserOptions: { ecmaFeatures: { jsx: true } } } as const;
const MODULE: Linter.LanguageOptions = { sourceType: 'module', ...JSX };
const COMMONJS: Linter.LanguageOptions = { sourceType: 'commonjs', ...JSX };

/** The languages to try, in this order: the first one that parses the file is its language. */
export async function languagesOf(
  path: string,
): Promise<[Linter.LanguageOptions, ...Linter.LanguageOptions[]]> {
  if (TYPESCRIPT_FILE.test(path)) return [await typescript(path)];
  if (/\.mjs$/.test(path)) return [MODULE];
  if (/\.cjs$/.test(path)) return [COMMONJS];
  return [COMMONJS, MODULE];
}

/** The parser is loaded for the first TypeScript file only: it takes longer than to lint a commit. */
async function typescript(path: string): Promise<Linter.LanguageOptions> {
  const parser = await import('@typescript-eslint/parser');
  const jsx = path.endsWith('x');
  return { parser, sourceType: 'module', parserOptions: { ecmaFeatures: { jsx } } };
}
