/** Asynchronous functions that are given to a synchronous transaction: better-sqlite3, and Drizzle over it. */
import { bare, isCall, isFunction, type FunctionNode, type Node } from './ast.ts';
import { expectedFailureOf } from './expected-failures.ts';
import type { FileModel } from './file-model.ts';
import { methodCalls } from './method-calls.ts';
import { isExport } from './origins.ts';
import { sandboxedAt } from './sandboxes.ts';

/** Each as its callee: `db.transaction`. */
export function* asyncSqliteTransactions(file: FileModel): Iterable<Node> {
  for (const { call, callee } of methodCalls(file, 'transaction')) {
    const [given] = call.arguments;
    if (!given || !functionAt(file, given)?.async || !isSynchronous(file, callee.object)) continue;
    if (!expectedFailureOf(file, call)) yield callee;
  }
}

function functionAt({ variables }: FileModel, node: Node): FunctionNode | undefined {
  const value = bare(node);
  if (isFunction(value)) return value;
  const variable = variables.of(value);
  return variable && variables.functionOf(variable);
}

function isSynchronous(file: FileModel, node: Node): boolean {
  const { row } = file.acquisitions.resourceOf(node) ?? {};
  if (row) return row.module === 'better-sqlite3';
  const maker = file.variables.constantOf(bare(node)) ?? bare(node);
  if (
    isCall(maker) &&
    isExport(file.originOf(maker.callee), 'drizzle-orm/better-sqlite3', 'drizzle')
  ) {
    return true;
  }
  return sandboxedAt(file, node)?.sandbox.database === 'SQLite';
}
