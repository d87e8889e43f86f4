/**
 * The value of an argument in a statement, as far as it can be known before the statement runs: a
 * constant, a parameter, or an expression of both that has no effects. Knows no function's meaning.
 */
import pg from 'pg';
import { isSymbol, isWord, type Token } from '../sql-lexer.ts';

/** An argument as it stands in a text. */
export interface Expression {
  readonly tokens: readonly Token[];
}

/** What an expression stands in. */
export interface Said {
  readonly sql: string;
  readonly values: readonly unknown[];
}

/** Functions and types that may be evaluated once more: no effects, and the same answer each time. */
const HARMLESS = new Set(
  (
    'abs bit bpchar btrim cast char chr coalesce concat concat_ws current_database current_schema current_setting ' +
    'date decode encode format greatest hashtext hashtextextended json_array json_build_array json_build_object json_object ' +
    'jsonb_build_array jsonb_build_object least left length lower lpad md5 mod now nullif numeric replace right ' +
    'row round rpad sha256 split_part substr substring timestamp timestamptz to_char to_json to_jsonb trim upper varchar'
  ).split(' '),
);
/** Casts that leave the text of a constant as it is. */
const PLAIN_CASTS = ['text', 'varchar', 'bigint', 'int8', 'integer', 'int', 'int4', 'name'];

/** The value as a text, without asking; undefined when it takes more than reading. */
export function constantOf({ tokens }: Expression, said: Said): string | null | undefined {
  const [first, second] = tokens;
  if (!first) return undefined;
  if (isSymbol(first, '-') && second?.kind === 'number')
    return isCast(tokens.slice(2)) ? `-${second.value}` : undefined;
  return isCast(tokens.slice(1)) ? tokenValue(first, said) : undefined;
}

/** SQL that has the value, to be asked by itself; undefined when asking could do or mean something else. */
export function sqlOf({ tokens }: Expression, { sql, values }: Said): string | undefined {
  const parts: string[] = [];
  for (const [index, token] of tokens.entries()) {
    if (isWord(token, 'select')) return undefined;
    const isCall = isSymbol(tokens[index + 1], '(');
    if (isCall && token.kind !== 'symbol' && !HARMLESS.has(token.value)) return undefined;
    if (token.kind === 'parameter') {
      const value = textOf(values[Number(token.value.slice(1)) - 1]);
      if (value === undefined) return undefined;
      parts.push(value === null ? 'NULL' : pg.escapeLiteral(value));
    } else {
      parts.push(sql.slice(token.start, token.end));
    }
    // What the text keeps together must stay together: `::`, `||`.
    if (tokens[index + 1]?.start !== token.end) parts.push(' ');
  }
  return parts.length > 0 ? `(${parts.join('')})` : undefined;
}

function tokenValue(token: Token, { sql, values }: Said): string | null | undefined {
  switch (token.kind) {
    case 'parameter':
      return textOf(values[Number(token.value.slice(1)) - 1]);
    case 'number':
      return token.value;
    case 'string':
      // Other prefixes have escapes, which the lexer leaves as they stand.
      return /['$]/.test(sql.charAt(token.start)) ? token.value : undefined;
    case 'word':
      if (token.value === 'true' || token.value === 'false') return token.value;
      return token.value === 'null' ? null : undefined;
    case 'identifier':
    case 'symbol':
      return undefined;
  }
}

function isCast(tokens: readonly Token[]): boolean {
  if (tokens.length === 0) return true;
  const [colon, again, type, ...more] = tokens;
  return (
    isSymbol(colon, ':') &&
    isSymbol(again, ':') &&
    type?.kind === 'word' &&
    PLAIN_CASTS.includes(type.value) &&
    isCast(more)
  );
}

/** As `pg` sends it, for the plain kinds of values. */
function textOf(value: unknown): string | null | undefined {
  if (value === null || value === undefined) return null;
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean')
    return String(value);
  return typeof value === 'object' && isPlain(value) ? JSON.stringify(value) : undefined;
}

function isPlain(value: object): boolean {
  return Object.getPrototypeOf(value) === Object.prototype && !('toPostgres' in value);
}
