/** Is what a statement is sent through a database that other processes use as well? */
import type { TSESTree } from '@typescript-eslint/utils';
import { bare, isCall, nameOf, propertyOf, type Call, type Node } from './ast.ts';
import { perFile } from './per-file.ts';
import { answersOf } from './project/foreign-resources.ts';
import type { Reading } from './reading.ts';
import { HOLE } from './sql-text.ts';
import { sendingsOf, type Sending } from './statements.ts';
import { isAboutTemporaryTable } from './temporary-tables.ts';
import { within } from './tree.ts';
import type { Variable } from './variables.ts';

/** What plugins hang on an application object: `fastify.pg`, `fastify.redis`. */
const PLUGINS = new Set(['pg', 'mysql', 'knex', 'redis']);
const SERVED = new Set(['pool', 'client', 'connection']);
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
export function isSharedDatabase(file: Reading, node: Node): boolean {
  if (hasOwnSchema(file)) return false;
  const value = bare(node);
  if (isPlugin(file, value)) return true;
  const resource = file.acquisitions.resourceOf(value);
  return (
    resource !== undefined && SERVED.has(resource.kind) && !isOwnDatabase(file, value, new Set())
  );
}

/** Whether such a statement goes to a shared database. A placeholder may name a schema of this run's own. */
export function reachesShared(
  file: Reading,
  { statements, through }: Sending,
  isSuch: (statement: string) => boolean,
): boolean {
  const says = statements.some(
    (statement) =>
      isSuch(statement) && !statement.includes(HOLE) && !isAboutTemporaryTable(file, statement),
  );
  return says && isSharedDatabase(file, through);
}

/** A computed search path: the tables are those of this run. */
const hasOwnSchema = perFile((file: Reading) =>
  sendingsOf(file).some(({ statements }) =>
    statements.some(
      (statement) => /^set .*search_path/.test(statement) && statement.includes(HOLE),
    ),
  ),
);

/** `fastify.pg`, and the database of this name among several: `fastify.pg.users`. */
function isPlugin(file: Reading, node: Node, depth = 2): boolean {
  if (node.type !== 'MemberExpression' || depth === 0) return false;
  const object = bare(node.object);
  return (
    (PLUGINS.has(nameOf(node) ?? '') && file.acquisitions.resourceOf(object)?.kind === 'app') ||
    isPlugin(file, object, depth - 1)
  );
}

type Seen = Set<Variable | Node>;

/** Made, by whichever file, with an address that the run works out. */
function isOwnDatabase(reading: Reading, node: Node, seen: Seen): boolean {
  const value = bare(node);
  if (value.type === 'AwaitExpression') return isOwnDatabase(reading, value.argument, seen);
  if (isCall(value)) return isMadeAsOwn(reading, value, seen);
  if (value.type === 'MemberExpression') {
    const held = reading.variables.heldAt(value);
    if (!held || seen.has(held)) return false;
    seen.add(held);
    return isOwnDatabase(reading, held, seen);
  }
  const variable = reading.variables.of(value);
  if (!variable || seen.has(variable)) return false;
  seen.add(variable);
  const exported = isImported(variable) && reading.project.exportOf(reading.originOf(value));
  if (exported) return isOwnDatabase(exported.reading, exported.node, seen);
  const given = reading.variables.values(variable) ?? [];
  return given.some(({ expression }) => isOwnDatabase(reading, expression, seen));
}

function isMadeAsOwn(reading: Reading, call: Call, seen: Seen): boolean {
  if (call.arguments.some((argument) => isComputed(reading, argument, seen, true))) return true;
  const callee = bare(call.callee);
  if (callee.type === 'MemberExpression' && isOwnDatabase(reading, callee.object, seen))
    return true;
  const fn = reading.frames.calleeOf(call);
  const made = fn ? { reading, fn } : reading.project.functionOf(reading.originOf(callee));
  if (!made || seen.has(made.fn)) return false;
  seen.add(made.fn);
  for (const inside of within(made.reading.tree.calls, made.fn.body)) {
    if (!made.reading.acquisitions.resourceOf(inside)) continue;
    // What the function is given was looked at where it is given.
    if (inside.arguments.some((argument) => isComputed(made.reading, argument, seen, false))) {
      return true;
    }
  }
  return false;
}

/** An address that the run works out: a name with a process id in it, the port of a container. */
function isComputed(reading: Reading, node: Node, seen: Seen, parameters: boolean): boolean {
  const value = bare(node);
  const computed = (inner: Node): boolean => isComputed(reading, inner, seen, parameters);
  switch (value.type) {
    case 'TemplateLiteral':
      return value.expressions.length > 0;
    case 'BinaryExpression':
      return value.operator === '+';
    case 'AwaitExpression':
      return bare(value.argument).type !== 'CallExpression' || computed(value.argument);
    case 'CallExpression':
      return isAnsweredComputed(reading, value, seen, parameters);
    case 'NewExpression':
      return true;
    case 'LogicalExpression':
      return computed(value.left) || computed(value.right);
    case 'ConditionalExpression':
      return computed(value.consequent) || computed(value.alternate);
    case 'ObjectExpression':
      return WHERE.some((name) => {
        const given = propertyOf(value, name)?.value;
        return given !== undefined && computed(given);
      });
    case 'MemberExpression':
      return computed(value.object);
    case 'Identifier':
      return isComputedVariable(reading, value, seen, parameters);
    default:
      return false;
  }
}

/** Not where a function that is seen answers what it is given, or a constant: `required(DATABASE_URL)`. */
function isAnsweredComputed(
  reading: Reading,
  call: TSESTree.CallExpression,
  seen: Seen,
  parameters: boolean,
): boolean {
  const { frames, project, originOf } = reading;
  const fn = frames.calleeOf(call);
  const called = fn ? { reading, fn } : project.anyFunctionOf(originOf(call.callee));
  const answers = called ? answersOf(called) : [];
  if (!called || answers.length === 0 || seen.has(called.fn)) return true;
  seen.add(called.fn);
  return (
    call.arguments.some((argument) => isComputed(reading, argument, seen, parameters)) ||
    answers.some((answer) => isComputed(called.reading, answer, seen, false))
  );
}

function isComputedVariable(
  reading: Reading,
  identifier: Node,
  seen: Seen,
  parameters: boolean,
): boolean {
  const variable = reading.variables.of(identifier);
  if (!variable || seen.has(variable)) return false;
  seen.add(variable);
  const origin = reading.originOf(identifier);
  if (origin?.from === 'module') {
    const exported = reading.project.exportOf(origin);
    return exported !== undefined && isComputed(exported.reading, exported.node, seen, parameters);
  }
  if (variable.defs[0]?.type === 'Parameter') return parameters;
  const given = reading.variables.values(variable);
  return (
    !given || given.some(({ expression }) => isComputed(reading, expression, seen, parameters))
  );
}

function isImported(variable: Variable): boolean {
  return variable.defs[0]?.type === 'ImportBinding';
}
