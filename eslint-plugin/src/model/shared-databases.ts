/** Is what a statement is sent through a database that other processes use as well? */
import { bare, isCall, nameOf, propertyOf, type Node } from './ast.ts';
import type { FileModel } from './file-model.ts';
import { perFile } from './per-file.ts';
import { HOLE } from './sql-text.ts';
import { sendingsOf } from './statements.ts';
import type { Variable } from './variables.ts';

/** What plugins hang on an application object: `fastify.pg`, `fastify.redis`. */
const PLUGINS = new Set(['pg', 'mysql', 'knex', 'redis']);
const WHERE = [
  'connectionString',
  'database',
  'options',
  'host',
  'port',
  'path',
  'url',
  'connection',
];

/** A pool, client or connection of a server whose address does not show that it is this process's own. */
export function isSharedDatabase(file: FileModel, node: Node): boolean {
  if (hasOwnSchema(file)) return false;
  const value = bare(node);
  if (isPlugin(file, value)) return true;
  const resource = file.acquisitions.resourceOf(value);
  if (!resource || !['pool', 'client', 'connection'].includes(resource.kind)) return false;
  const variable = file.variables.of(value);
  return !variable || !isOwnDatabase(file, variable, new Set());
}

/** A computed search path: the tables are those of this run. */
const hasOwnSchema = perFile((file) =>
  sendingsOf(file).some(({ statements }) =>
    statements.some(
      (statement) => /^set .*search_path/.test(statement) && statement.includes(HOLE),
    ),
  ),
);

/** `fastify.pg`, and the database of this name among several: `fastify.pg.users`. */
function isPlugin(file: FileModel, node: Node, depth = 2): boolean {
  if (node.type !== 'MemberExpression' || depth === 0) return false;
  const object = bare(node.object);
  return (
    (PLUGINS.has(nameOf(node) ?? '') && file.acquisitions.resourceOf(object)?.kind === 'app') ||
    isPlugin(file, object, depth - 1)
  );
}

function isOwnDatabase(file: FileModel, variable: Variable, seen: Set<Variable>): boolean {
  if (seen.has(variable)) return false;
  seen.add(variable);
  return (file.variables.values(variable) ?? []).some(({ expression }) => {
    const awaited = bare(expression);
    const made = awaited.type === 'AwaitExpression' ? bare(awaited.argument) : awaited;
    if (!isCall(made)) return false;
    const callee = bare(made.callee);
    const lender =
      callee.type === 'MemberExpression' ? file.variables.of(bare(callee.object)) : undefined;
    if (lender && isOwnDatabase(file, lender, seen)) return true;
    return made.arguments.some((argument) => isComputed(file, argument, seen));
  });
}

/** An address that the run works out: a name with a process id in it, the port of a container. */
function isComputed(file: FileModel, node: Node, seen: Set<Variable>): boolean {
  const value = bare(node);
  switch (value.type) {
    case 'TemplateLiteral':
      return value.expressions.length > 0;
    case 'BinaryExpression':
      return value.operator === '+';
    case 'AwaitExpression':
    case 'CallExpression':
    case 'NewExpression':
      return true;
    case 'LogicalExpression':
      return isComputed(file, value.left, seen) || isComputed(file, value.right, seen);
    case 'ConditionalExpression':
      return isComputed(file, value.consequent, seen) || isComputed(file, value.alternate, seen);
    case 'ObjectExpression':
      return WHERE.some((name) => {
        const given = propertyOf(value, name)?.value;
        return given !== undefined && isComputed(file, given, seen);
      });
    case 'MemberExpression':
      return isComputed(file, value.object, seen);
    case 'Identifier': {
      const variable = file.variables.of(value);
      if (!variable || variable.defs[0]?.type === 'ImportBinding' || seen.has(variable))
        return false;
      seen.add(variable);
      return isComputedVariable(file, variable, seen);
    }
    default:
      return false;
  }
}

function isComputedVariable(file: FileModel, variable: Variable, seen: Set<Variable>): boolean {
  const [identifier] = variable.identifiers;
  if (identifier && file.originOf(identifier)?.from === 'module') return false;
  const given = file.variables.values(variable);
  if (!given || variable.defs[0]?.type === 'Parameter') return true;
  return given.some(({ expression }) => isComputed(file, expression, seen));
}
