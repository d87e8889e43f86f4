/** Calls by which a test file removes every row, or key, of a database that other processes use. */
import type { TSESTree } from '@typescript-eslint/utils';
import { bare, isCall, nameOf, type Call, type Node } from './ast.ts';
import type { FileModel } from './file-model.ts';
import { methodCalls } from './method-calls.ts';
import { isSharedDatabase, reachesShared } from './shared-databases.ts';
import { emptiesTable, isBegin, isRollback, shortened } from './sql-text.ts';
import { sendingsOf } from './statements.ts';
import { isTestCode } from './test-code.ts';

export interface EmptiedTable {
  readonly node: Node;
  /** The statement or call, shortened for a message. */
  readonly statement: string;
}

export function* emptiedTables(file: FileModel): Iterable<EmptiedTable> {
  for (const sending of sendingsOf(file)) {
    if (!reachesShared(file, sending, emptiesTable) || isUndone(file, sending.through)) continue;
    if (isTestCode(file, file.frames.frameOf(sending.node))) {
      yield { node: sending.node, statement: shortened(sending.text) };
    }
  }
  for (const { call, callee } of methodCalls(file, ...EMPTYING)) {
    const database = emptiedBy(call, callee);
    if (
      database &&
      isSharedDatabase(file, database) &&
      isTestCode(file, file.frames.frameOf(call))
    ) {
      yield { node: call, statement: shortened(file.source.getText(call)) };
    }
  }
}

/** Sent through a client on which the file also begins and rolls back. */
function isUndone(file: FileModel, through: Node): boolean {
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
