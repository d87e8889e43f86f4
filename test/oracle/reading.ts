/** Whether our reading of a text agrees with the server's. */
import assert from 'node:assert/strict';
import {
  statementsOf,
  type Statement,
  type StatementKind,
} from '../../runtime/src/pg/statements.ts';
import { parse } from './parser.ts';

/**
 * Answered by the sandbox itself, or refused, before the server has read the text. What only a
 * transaction block may hold is read by the server first when there is none.
 */
const ANSWERED: readonly StatementKind['kind'][] = [
  'begin',
  'commit',
  'rollback',
  'prepare transaction',
  'set transaction',
  'set snapshot',
];

/**
 * Reads a text both ways.
 * @returns whether the server can parse it
 * @throws AssertionError when the two differ
 */
export function assertSameReading(sql: string): boolean {
  const expected = parse(sql);
  const actual = statementsOf(sql);
  if (!expected && actual.some((statement) => continuesAfterComment(statement, sql))) return false;
  if (!expected) {
    assertLeftToTheServer(actual);
    return false;
  }
  assert.deepEqual(
    actual.map((statement) => ({
      text: sql.slice(statement.fragment.start, statement.fragment.end),
      kind: kindOf(statement),
    })),
    expected,
  );
  return true;
}

/** A text of several statements is read by the server first when any of them is one of these. */
function assertLeftToTheServer(statements: readonly Statement[]): void {
  const [only, ...others] = statements;
  if (!only || others.length > 0) return;
  assert.ok(
    !ANSWERED.includes(only.kind),
    `the server cannot parse it; we took it for ${only.kind}`,
  );
}

/** The server reads `'a' -- comment`, line break, `'b'` as one literal; libpg-query, alone, as an error. */
function continuesAfterComment({ fragment }: Statement, sql: string): boolean {
  return fragment.tokens.some(({ start, end }) =>
    /'\s*--[^\n\r]*[\n\r]/.test(sql.slice(start, end)),
  );
}

function kindOf({ fragment: _, mentions: __, ...kind }: Statement): object {
  return kind;
}
