/**
 * Which code runs inside a transaction, and on what? Between BEGIN and its end on one client, from a
 * BEGIN in `beforeEach` on, or in a function that a library calls with the transaction.
 */
import {
  bare,
  enclosingFunction,
  isCall,
  isFunction,
  isInside,
  nameOf,
  type FunctionNode,
  type Node,
} from './ast.ts';
import type { FileModel } from './file-model.ts';
import { methodCalls } from './method-calls.ts';
import { perFile } from './per-file.ts';
import { sandboxedAt } from './sandboxes.ts';
import { isBegin, isEnd } from './sql-text.ts';
import { sendingsOf, type Sending } from './statements.ts';
import type { Variable } from './variables.ts';

export interface Transaction {
  /** - `statements`: BEGIN in the same function; `hook`: in `beforeEach`; `callback`: by a library. */
  readonly by: 'statements' | 'hook' | 'callback';
  /** The call that begins it. */
  readonly begun: Node;
  /** What its statements are sent through: the client, or the `tx` of a callback. */
  readonly handle: Variable;
  /** What would send them outside of it: the client's pool, the `db` of `db.transaction()`. */
  readonly outer: Variable | undefined;
  /** The function whose code is inside. */
  readonly fn: FunctionNode;
  readonly range: readonly [number, number];
  /** The statement that ends it, where one is seen. */
  readonly end: Sending | undefined;
  /** Whether the driver is one of PostgreSQL, as far as the file tells. */
  readonly isPostgres: boolean;
}

export const transactionsOf = perFile((file): readonly Transaction[] => [
  ...begunByStatements(file),
  ...begunByCallbacks(file),
]);

/** What is sent inside a transaction on its own handle, in the order of the text. */
export function sentInside(file: FileModel, transaction: Transaction): Sending[] {
  const { handle, range } = transaction;
  return sendingsOf(file).filter(
    ({ node, through }) => file.variables.of(through) === handle && isWithin(node, range),
  );
}

export function isWithin(node: Node, [start, end]: readonly [number, number]): boolean {
  return node.range[0] >= start && node.range[1] <= end;
}

function begunByStatements(file: FileModel): Transaction[] {
  return sendingsOf(file).flatMap((sending) => {
    const last = sending.statements.findLast((statement) => isBegin(statement) || isEnd(statement));
    const handle = file.variables.of(sending.through);
    if (last === undefined || !isBegin(last) || !handle || !isOneConnection(file, sending))
      return [];
    const fn = enclosingFunction(sending.node);
    const frame = file.frames.frameOf(sending.node);
    if (frame.is === 'hook' && frame.hook === 'beforeEach') return inTests(file, sending, handle);
    return fn ? [inFunction(file, sending, handle, fn, 'statements')] : [];
  });
}

function inFunction(
  file: FileModel,
  begin: Sending,
  handle: Variable,
  fn: FunctionNode,
  by: 'statements' | 'hook',
): Transaction {
  const from = by === 'hook' ? fn.body.range[0] : begin.node.range[1];
  const end = sendingsOf(file).find(
    ({ node, through, statements }) =>
      file.variables.of(through) === handle &&
      isWithin(node, [from, fn.body.range[1]]) &&
      statements.some(isEnd),
  );
  return {
    by,
    begun: begin.node,
    handle,
    outer: lenderOf(file, begin.through),
    fn,
    range: [from, end?.node.range[0] ?? fn.body.range[1]],
    end,
    isPostgres: isPostgresClient(file, begin.through),
  };
}

/** Begun before each test: the bodies of the tests are inside. */
function inTests(file: FileModel, begin: Sending, handle: Variable): Transaction[] {
  const hook = file.frames.frameOf(begin.node);
  const served = hook.is === 'hook' ? file.frames.servedBy(hook.call) : undefined;
  const around = served && served.is === 'suite' ? served.fn : file.source.ast;
  return file.tree.functions.flatMap((fn) => {
    const frame = file.frames.frameOfFunction(fn);
    const isTest = frame?.is === 'test' && frame.fn === fn && isInside(fn, around);
    return isTest ? [inFunction(file, begin, handle, fn, 'hook')] : [];
  });
}

/** A pool may have several, and a prepared statement is not sent yet. */
function isOneConnection(file: FileModel, { through, method }: Sending): boolean {
  if (method !== 'query' && method !== 'execute' && method !== 'exec') return false;
  const sandboxed = sandboxedAt(file, through);
  if (sandboxed) return sandboxed.is === 'client' || sandboxed.sandbox.database === 'SQLite';
  return file.acquisitions.resourceOf(through)?.kind !== 'pool';
}

/** The pool that a client was taken from. */
export function lenderOf(file: FileModel, client: Node): Variable | undefined {
  const taken = file.variables.constantOf(bare(client));
  const call = taken?.type === 'AwaitExpression' ? bare(taken.argument) : taken;
  const callee = call && isCall(call) ? bare(call.callee) : undefined;
  if (
    callee?.type !== 'MemberExpression' ||
    !/^(connect|reserve|getConnection)$/.test(nameOf(callee) ?? '')
  ) {
    return undefined;
  }
  return file.variables.of(bare(callee.object));
}

const POSTGRES = new Set(['pg', 'pg-pool', 'fastify']);

/** A client or connection of `pg`; a sandbox of PostgreSQL gives such clients. */
export function isPostgresClient(file: FileModel, node: Node): boolean {
  const sandboxed = sandboxedAt(file, node);
  if (sandboxed) return sandboxed.is === 'client' && sandboxed.sandbox.database === 'PostgreSQL';
  const resource = file.acquisitions.resourceOf(node);
  if (resource?.row) return resource.kind === 'connection' && resource.row.module === 'pg';
  const lender = resource?.kind === 'client' ? lenderOf(file, node) : undefined;
  const [identifier] = lender?.identifiers ?? [];
  const row = identifier && file.acquisitions.resourceOf(identifier)?.row;
  return row !== undefined && POSTGRES.has(row.module);
}

const CALLBACKS = ['transaction', '$transaction', 'execute', 'begin', 'tx'];

/** `db.transaction(async (tx) => …)`, and what other libraries call it. */
function begunByCallbacks(file: FileModel): Transaction[] {
  return methodCalls(file, ...CALLBACKS).flatMap(({ call, callee, method }) => {
    const fn = call.arguments.map(bare).findLast(isFunction);
    const [parameter] = fn?.params ?? [];
    if (!fn?.async || parameter?.type !== 'Identifier') return [];
    const database = databaseAsked(callee.object, method);
    const outer = database && file.variables.of(database);
    const handle = file.variables.of(parameter);
    if (!database || !outer || !handle || !isTransactor(file, database, method)) return [];
    const range = fn.body.range;
    const isPostgres = isPostgresLibrary(file, database);
    return [
      {
        by: 'callback',
        begun: call,
        handle,
        outer,
        fn,
        range,
        end: undefined,
        isPostgres,
      } as const,
    ];
  });
}

/** `db`, in `db.transaction(fn)` as well as in `db.transaction().execute(fn)`. */
function databaseAsked(object: Node, method: string | undefined): Node | undefined {
  if (method !== 'execute') return bare(object);
  for (let at = bare(object); isCall(at);) {
    const callee = bare(at.callee);
    if (callee.type !== 'MemberExpression') return undefined;
    at = bare(callee.object);
    if (nameOf(callee) === 'transaction') return at;
  }
  return undefined;
}

/** By name alone `transaction` may be of any library; `begin` and `tx` are asked of known ones. */
function isTransactor(file: FileModel, database: Node, method: string | undefined): boolean {
  const module = file.acquisitions.resourceOf(database)?.row?.module;
  switch (method) {
    case 'transaction':
    case '$transaction':
    case 'execute':
      return module !== 'better-sqlite3';
    case 'begin':
      return module === 'postgres';
    case 'tx':
      return module === '@databases/pg';
    default:
      return false;
  }
}

/** Where an error leaves the transaction aborted. */
function isPostgresLibrary(file: FileModel, database: Node): boolean {
  const made = file.variables.constantOf(database);
  const origin = made && isCall(made) ? file.originOf(made.callee) : undefined;
  return (
    origin?.from === 'module' &&
    /^(postgres|@databases\/pg|drizzle-orm\/(node-postgres|postgres-js|pglite|neon-serverless))$/.test(
      origin.module,
    )
  );
}

/** Whether a later node is reached from an earlier one without a branch between: its block holds both. */
export function isReachedFrom(earlier: Node, later: Node): boolean {
  const block = blockOf(earlier);
  return block !== undefined && isInside(later, block) && later.range[0] >= earlier.range[1];
}

function blockOf(node: Node): Node | undefined {
  for (let at = node.parent; at; at = at.parent) {
    if (/^(BlockStatement|Program|StaticBlock|SwitchCase)$/.test(at.type)) {
      return at.parent?.type === 'TryStatement' && at.parent.block === at ? blockOf(at.parent) : at;
    }
  }
  return undefined;
}
