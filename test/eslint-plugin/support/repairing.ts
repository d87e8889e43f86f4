/** Applies what the linter offers in the editor to a file's text, one repair at a time or all of them. */
import assert from 'node:assert/strict';
import { Linter } from 'eslint';
import savepoint from 'eslint-plugin-savepoint';
import { check } from 'prettier';
import tseslint from 'typescript-eslint';

export type Idiom = 'node:test' | 'savepoint';

/** One way to mend one report. */
export interface Repair {
  readonly rule: string;
  readonly title: string;
  readonly output: string;
}

/** What the strict preset says of a file; `choice` counts the repairs of one report. */
export interface Repairer {
  lint(code: string): Linter.LintMessage[];
  repairs(code: string): Repair[];
  /** The file after every report was mended in its own way of that number, or in its last. */
  mended(code: string, choice: number): string;
}

const MOST_REPAIRS = 20;

export function repairer(file: string, idiom?: Idiom): Repairer {
  const linter = new Linter();
  const config: Linter.Config[] = [
    {
      ...savepoint.configs.strict,
      files: ['**/*.{js,mjs,cjs,ts,mts,cts}'],
      settings: { savepoint: idiom ? { idiom } : {} },
      languageOptions: {
        sourceType: /\.c[jt]s$/.test(file) ? 'commonjs' : 'module',
        ...(/ts$/.test(file) && { parser: tseslint.parser }),
      },
    },
  ];
  const lint = (code: string) => linter.verify(code, config, { filename: file });

  function repairs(code: string): Repair[] {
    return lint(code).flatMap((message) => repairsOf(code, message));
  }

  function mended(code: string, choice: number): string {
    let text = code;
    for (let count = 0; count < MOST_REPAIRS; count++) {
      const [first] = lint(text)
        .map((message) => repairsOf(text, message))
        .filter((ways) => ways.length > 0);
      if (!first) return text;
      text = (first[choice] ?? first.at(-1))?.output ?? text;
    }
    throw new Error(`repairs of ${file} never come to an end:\n${text}`);
  }

  return { lint, repairs, mended };
}

function repairsOf(
  code: string,
  { ruleId, fix, suggestions, message }: Linter.LintMessage,
): Repair[] {
  assert.ok(ruleId, message);
  const rule = ruleId.replace('savepoint/', '');
  return [
    ...(fix ? [{ rule, title: 'fix', output: applied(code, fix) }] : []),
    ...(suggestions ?? []).map((each) => ({
      rule,
      title: each.desc,
      output: applied(code, each.fix),
    })),
  ];
}

function applied(
  code: string,
  { range: [start, end], text }: { range: [number, number]; text: string },
) {
  return code.slice(0, start) + text + code.slice(end);
}

/** The report is gone, nothing else is reported instead, and the text is as tidy as it was. */
export async function assertSound(
  by: Repairer,
  code: string,
  { rule, output }: Repair,
  file: string,
) {
  const [before, after] = [countByRule(by.lint(code)), countByRule(by.lint(output))];
  assert.ok((after.get(rule) ?? 0) < (before.get(rule) ?? 0), `${rule} still reports:\n${output}`);
  for (const [other, count] of after) {
    assert.ok(count <= (before.get(other) ?? 0), `${other} reports what was mended:\n${output}`);
  }
  const style = { singleQuote: true, printWidth: 100, filepath: file };
  if (await check(code, style)) assert.ok(await check(output, style), `untidy:\n${output}`);
}

function countByRule(messages: readonly Linter.LintMessage[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { ruleId, message, line } of messages) {
    assert.ok(ruleId, `${String(line)}: ${message}`);
    const rule = ruleId.replace('savepoint/', '');
    counts.set(rule, (counts.get(rule) ?? 0) + 1);
  }
  return counts;
}
