/** What was found, said to a person (text) or to a program (JSON). Knows no ESLint and prints nothing. */
import { styleText } from 'node:util';
import type { Finding, Remark, Verdict } from './lint.ts';

/** A file's path, as a person would type it, and what was found in it. */
export interface CheckedFile {
  readonly file: string;
  readonly verdict: Verdict;
}

export const FORMATS = ['text', 'json'] as const;
export type Format = (typeof FORMATS)[number];

/** @param stream where the text will be printed; it has colours only where the stream shows them */
export function report(
  files: readonly CheckedFile[],
  format: Format,
  stream: NodeJS.WriteStream,
): string {
  switch (format) {
    case 'text':
      return asText(files, stream);
    case 'json':
      return `${JSON.stringify(asData(files), undefined, 2)}\n`;
  }
}

/** The JSON report; its shape is public. */
interface Data {
  /** How many files were read, unparsable ones among them. */
  readonly files: number;
  readonly hazards: readonly (Finding & { readonly file: string })[];
  readonly unparsable: readonly (Remark & { readonly file: string })[];
}

function asData(files: readonly CheckedFile[]): Data {
  return {
    files: files.length,
    hazards: files.flatMap(({ file, verdict }) =>
      verdict.is === 'checked' ? verdict.findings.map((finding) => ({ file, ...finding })) : [],
    ),
    unparsable: files.flatMap(({ file, verdict }) =>
      verdict.is === 'unparsable' ? [{ file, ...verdict.reason }] : [],
    ),
  };
}

function asText(files: readonly CheckedFile[], stream: NodeJS.WriteStream): string {
  const paint = (style: Parameters<typeof styleText>[0], text: string) =>
    styleText(style, text, { stream });
  const line = (file: string, { line, column, message }: Remark, label: string) =>
    `${paint('bold', `${file}:${String(line)}:${String(column)}`)}  ${message}  ${label}\n`;

  const blocks = files.map(({ file, verdict }) => {
    switch (verdict.is) {
      case 'checked':
        return verdict.findings.map((finding) =>
          line(file, finding, paint('yellow', `savepoint/${finding.id}`)),
        );
      case 'unparsable':
        return [line(file, verdict.reason, paint('red', 'cannot be parsed, not checked'))];
    }
  });
  const found = blocks.filter((lines) => lines.length > 0).map((lines) => `${lines.join('')}\n`);
  return `${found.join('')}${summary(files)}\n`;
}

function summary(files: readonly CheckedFile[]): string {
  if (files.length === 0) return 'No test files to check.';
  const { hazards, unparsable } = asData(files);
  const failed = unparsable.length > 0 ? `, ${count(unparsable.length, 'file')} not checked` : '';
  if (hazards.length === 0) {
    return `No hazards in ${count(files.length - unparsable.length, 'file')}${failed}.`;
  }
  const risky = new Set(hazards.map(({ file }) => file)).size;
  const [first] = hazards;
  return (
    `${count(hazards.length, 'hazard')} in ${String(risky)} of ${count(files.length, 'file')}${failed}.\n` +
    `Why, and what to do: savepoint explain ${first?.id ?? '<id>'}`
  );
}

function count(number: number, noun: string): string {
  return `${String(number)} ${noun}${number === 1 ? '' : 's'}`;
}
