/** Is a value the pool, a client or the handle of a rollback sandbox of savepoint? */
import { bare, isCall, nameOf, propertyOf, textOf, type Call, type Node } from './ast.ts';
import type { FileModel } from './file-model.ts';
import { isExport } from './origins.ts';

export interface Sandbox {
  /** The call of `db.rollback(t)`. */
  readonly opened: Call;
  /** `db` of `db.rollback(t)`. */
  readonly fixture: Node;
  /** Undefined where another file makes the fixture. */
  readonly database: 'PostgreSQL' | 'SQLite' | undefined;
}

/** A value of a sandbox; the handle of SQLite counts as its pool. */
export interface Sandboxed {
  readonly sandbox: Sandbox;
  readonly is: 'pool' | 'client';
}

const MAX_DEPTH = 8;

export function sandboxedAt(file: FileModel, node: Node, depth = MAX_DEPTH): Sandboxed | undefined {
  if (depth === 0) return undefined;
  const value = bare(node);
  if (value.type === 'Identifier') {
    const constant = file.variables.constantOf(value);
    return constant && sandboxedAt(file, constant, depth - 1);
  }
  if (value.type === 'AwaitExpression') return sandboxedAt(file, value.argument, depth - 1);
  const callee = isCall(value) ? bare(value.callee) : undefined;
  if (!isCall(value) || callee?.type !== 'MemberExpression') return undefined;
  switch (nameOf(callee)) {
    case 'rollback':
      return openedBy(file, value, bare(callee.object));
    case 'connect': {
      const lender = sandboxedAt(file, callee.object, depth - 1);
      return lender?.is === 'pool' ? { ...lender, is: 'client' } : undefined;
    }
    default:
      return undefined;
  }
}

/** A context is given to nobody else's `rollback`. */
function openedBy(file: FileModel, call: Call, fixture: Node): Sandboxed | undefined {
  const [context, options] = call.arguments;
  const origin = context && file.originOf(context);
  if (origin?.from !== 'context' || origin.path.length > 0) return undefined;
  const maker = file.variables.constantOf(fixture);
  const made = maker && isCall(maker) ? maker : undefined;
  if (mayBeClone(options) || mayBeClone(made?.arguments[0])) return undefined;
  const sandbox: Sandbox = { opened: call, fixture, database: databaseOf(file, made) };
  return { sandbox, is: 'pool' };
}

function databaseOf({ originOf }: FileModel, made: Call | undefined): Sandbox['database'] {
  const origin = made && originOf(made.callee);
  if (isExport(origin, 'savepoint/pg', 'postgres')) return 'PostgreSQL';
  return isExport(origin, 'savepoint/sqlite', 'sqlite') ? 'SQLite' : undefined;
}

/** `{ isolation: 'clone' }`, or options that the call does not show. */
function mayBeClone(options: Node | undefined): boolean {
  if (!options) return false;
  const given = bare(options);
  if (given.type !== 'ObjectExpression') return true;
  const isolation = propertyOf(given, 'isolation');
  return isolation !== undefined && textOf(isolation.value) !== 'rollback';
}
