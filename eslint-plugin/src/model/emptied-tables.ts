/** Calls by which a test file removes every row, or key, of a database that other processes use. */
import type { TSESTree } from '@typescript-eslint/utils';
import { bare, isCall, isInside, nameOf, type Call, type Node } from './ast.ts';
import type { FileModel } from './file-model.ts';
import { helperCalls } from './helper-calls.ts';
import { methodCalls } from './method-calls.ts';
import { perFile } from './per-file.ts';
import type { Reading } from './reading.ts';
import { isSharedDatabase, reachesShared } from './shared-databases.ts';
import { emptiesTable, isBegin, isRollback, shortened } from './sql-text.ts';
import { sendingsOf } from './statements.ts';
import { isTestCode } from './test-code.ts';

export interface EmptiedTable {
  readonly node: Node;
  /** The statement or call, shortened for a message. */
  readonly statement: string;
}

/** By test code of this file, or by a function of another that its hooks and tests call. */
export function* emptiedTables(file: FileModel): Iterable<EmptiedTable> {
  for (const emptied of emptyingsOf(file)) {
    if (isTestCode(file, file.frames.frameOf(emptied.node))) yield emptied;
  }
  for (const { node, from, reached } of helperCalls(file, MAY_EMPTY)) {
    if (from === 'file' || from === 'suite') continue;
    const [first] = reached.flatMap(({ reading, fn }) =>
      emptyingsOf(reading).filter((emptied) => isInside(emptied.node, fn)),
    );
    if (first) yield { node, statement: first.statement };
  }
}

/** What people call a function that empties a database; whether it does is read. */
const MAY_EMPTY = /trunc|clean|clear|reset|wipe|empty|purge|flush|delete|seed|set_?up|fresh/i;

/** Of any file, the other side of an import too. */
const emptyingsOf = perFile((reading: Reading): readonly EmptiedTable[] => {
  const sent = sendingsOf(reading).flatMap((sending) =>
    reachesShared(reading, sending, emptiesTable) && !isUndone(reading, sending.through)
      ? [{ node: sending.node, statement: shortened(sending.text) }]
      : [],
  );
  const asked = methodCalls(reading, ...EMPTYING).flatMap(({ call, callee }) => {
    const database = emptiedBy(call, callee);
    return database && isSharedDatabase(reading, database)
      ? [{ node: call, statement: shortened(reading.source.getText(call)) }]
      : [];
  });
  return [...sent, ...asked].sort((one, other) => one.node.range[0] - other.node.range[0]);
});

/** Sent through a client on which the file also begins and rolls back. */
function isUndone(file: Reading, through: Node): boolean {
  const client = file.variables.of(through);
  if (!client || file.acquisitions.resourceOf(through)?.kind === 'pool') return false;
  const sent = sendingsOf(file)
    .filter((other) => file.variables.of(other.through) === client)
    .flatMap(({ statements }) => statements);
  return sent.some(isBegin) && sent.some(isRollback);
}

const EMPTYING = [
  'flushall',
  'flushdb',
  'flushAll',
  'flushDb',
  'truncate',
  'del',
  'delete',
  'deleteMany',
];

/** The database that a call of a client library empties, or a part of it. */
function emptiedBy(call: Call, callee: TSESTree.MemberExpression): Node | undefined {
  const object = bare(callee.object);
  switch (nameOf(callee)) {
    case 'flushall':
    case 'flushdb':
    case 'flushAll':
    case 'flushDb':
      return object;
    case 'truncate':
    case 'del':
    case 'delete':
      return tableBuilderOf(object);
    case 'deleteMany':
      return isUnconditional(call) && object.type === 'MemberExpression'
        ? bare(object.object)
        : undefined;
    default:
      return undefined;
  }
}

/** `knex` of `knex('users')`, the callable that is given a table and nothing more. */
function tableBuilderOf(node: Node): Node | undefined {
  return isCall(node) && node.type === 'CallExpression' && node.arguments.length === 1
    ? bare(node.callee)
    : undefined;
}

/** `prisma.user.deleteMany()`, and with an empty condition. */
function isUnconditional({ arguments: [condition] }: Call): boolean {
  const given = condition && bare(condition);
  return !given || (given.type === 'ObjectExpression' && given.properties.length === 0);
}
