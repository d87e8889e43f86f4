/**
 * Runs one rule over a table of files, under ESLint 9 and 10, with espree and with the TypeScript
 * parser. A report is marked in the code itself: «what is underlined».
 */
import { describe, it } from 'node:test';
import type { Linter, RuleTester } from 'eslint';
import tseslint from 'typescript-eslint';
import plugin from '../../../eslint-plugin/src/index.ts';
import { ESLINT_VERSIONS } from './eslint-versions.ts';

type Language = 'esm' | 'cjs' | 'ts';

export interface ValidCase {
  readonly name: string;
  readonly code: string;
  /** Absent: ESM JavaScript. */
  readonly language?: Language;
  readonly settings?: Linter.Config['settings'];
  /** With the option that the preset `strict` sets. */
  readonly strict?: true;
}

export interface InvalidCase extends ValidCase {
  /** One for each mark, in order. */
  readonly reports: readonly {
    readonly messageId: string;
    readonly data?: Record<string, string>;
    /** The file after the suggestion, or after each; absent: none is made. */
    readonly suggestion?: Suggested | readonly Suggested[];
  }[];
  /** The file after the fix; absent: nothing is fixed. */
  readonly fixed?: string;
}

interface Suggested {
  readonly messageId: string;
  readonly output: string;
}

export const LANGUAGES = {
  esm: [{ parser: 'espree', options: { sourceType: 'module' } }, typescript('module')],
  cjs: [
    { parser: 'espree', options: { sourceType: 'commonjs' } },
    // The default of `.js` files: nothing declares `require`.
    { parser: 'espree as a module', options: { sourceType: 'module' } },
    typescript('commonjs'),
  ],
  ts: [typescript('module')],
} as const satisfies Record<Language, readonly Setup[]>;

interface Setup {
  readonly parser: string;
  readonly options: NonNullable<Linter.Config['languageOptions']>;
}

function typescript(sourceType: 'module' | 'commonjs'): Setup {
  return { parser: 'typescript', options: { sourceType, parser: tseslint.parser } };
}

for (const { RuleTester: Tester } of ESLINT_VERSIONS) {
  Object.assign(Tester, { describe, it, itOnly: it.only });
}

export interface RuleTable {
  readonly id: keyof typeof plugin.rules;
  readonly valid: readonly ValidCase[];
  readonly invalid: readonly InvalidCase[];
}

let collected: RuleTable[] | undefined;

/** The tables of these test files, for others than ESLint to be tried on. */
export async function tablesOf(files: readonly URL[]): Promise<RuleTable[]> {
  const tables: RuleTable[] = [];
  collected = tables;
  for (const { href } of files) await import(href);
  collected = undefined;
  return tables;
}

export function testRule(id: RuleTable['id'], table: Omit<RuleTable, 'id'>): void {
  if (collected) {
    collected.push({ id, ...table });
    return;
  }
  for (const { version, RuleTester: Tester } of ESLINT_VERSIONS) {
    for (const language of ['esm', 'cjs', 'ts'] as const) {
      const valid = table.valid.filter((each) => (each.language ?? 'esm') === language);
      const invalid = table.invalid.filter((each) => (each.language ?? 'esm') === language);
      if (valid.length + invalid.length === 0) continue;
      for (const { parser, options } of LANGUAGES[language]) {
        const tester = new Tester({ languageOptions: options });
        tester.run(`${id}, ESLint ${version}, ${language}, ${parser}`, plugin.rules[id], {
          valid: valid.map(({ name, code, settings, strict }) => ({
            name,
            code,
            ...given({ settings, options: strict && [{ strict }] }),
          })),
          invalid: invalid.map(asTested),
          ...(version === '10' && {
            assertionOptions: { requireMessage: 'messageId', requireLocation: true },
          }),
        });
      }
    }
  }
}

function asTested({
  name,
  code,
  reports,
  settings,
  strict,
  fixed,
}: InvalidCase): RuleTester.InvalidTestCase {
  const { text, marks } = readMarks(code);
  return {
    name,
    code: text,
    ...given({ settings, options: strict && [{ strict }] }),
    output: fixed ?? null,
    errors: marks.map((mark, index) => {
      const { messageId = '', data, suggestion } = reports[index] ?? {};
      return {
        messageId,
        ...mark,
        ...given({ data, suggestions: suggestion && [suggestion].flat() }),
      };
    }),
  };
}

function given<T extends object>(values: T): { [K in keyof T]?: NonNullable<T[K]> } {
  const present: { [K in keyof T]?: NonNullable<T[K]> } = {};
  for (const key in values) {
    const value = values[key];
    if (value !== undefined && value !== null) present[key] = value;
  }
  return present;
}

interface Mark {
  line: number;
  column: number;
  endLine: number;
  endColumn: number;
}

/** The code without its marks, and where they were. */
export function readMarks(code: string): { text: string; marks: Mark[] } {
  const marks: Mark[] = [];
  let text = '';
  for (const character of code) {
    const at = positionAfter(text);
    const last = marks.at(-1);
    if (character === '«') marks.push({ ...at, endLine: at.line, endColumn: at.column });
    else if (character === '»' && last) [last.endLine, last.endColumn] = [at.line, at.column];
    else text += character;
  }
  return { text, marks };
}

function positionAfter(text: string): { line: number; column: number } {
  const lines = text.split('\n');
  return { line: lines.length, column: (lines.at(-1) ?? '').length + 1 };
}
