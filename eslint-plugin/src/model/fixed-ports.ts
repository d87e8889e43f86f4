/** Ports written down in `listen(…)` and `serve({ port })`. */
import {
  bare,
  enclosingFunction,
  isCall,
  isFunction,
  methodCallOn,
  nameOf,
  outer,
  propertyOf,
  type Call,
  type Node,
} from './ast.ts';
import type { FileModel } from './file-model.ts';
import { isExport, type Origin } from './origins.ts';
import { within } from './tree.ts';

export interface FixedPort {
  readonly port: number;
  /** The argument or property value that says so. */
  readonly node: Node;
  /** The call that listens. */
  readonly call: Call;
}

export function* fixedPorts(file: FileModel): Iterable<FixedPort> {
  for (const call of file.callsTo({ methods: ['listen'], functions: ['serve'] }, isServe)) {
    const node = portArgument(file, call);
    const port = node && numberOf(file, node);
    if (!node || port === undefined || port < 1 || port > 65_535) continue;
    if (isAbortedBefore(file, call) || listensOnStub(file, call)) continue;
    yield { port, node, call };
  }
}

function portArgument(file: FileModel, call: Call): Node | undefined {
  const [first] = call.arguments;
  if (!first || !isListening(file, call)) return undefined;
  const options = bare(first);
  return options.type === 'ObjectExpression' ? propertyOf(options, 'port')?.value : options;
}

/** `listen({ port, signal })` of a signal that is aborted before the server binds: no port is taken. */
function isAbortedBefore(file: FileModel, call: Call): boolean {
  const signal = propertyOf(call.arguments[0], 'signal')?.value;
  if (!signal) return false;
  const given = bare(file.variables.constantOf(signal) ?? signal);
  if (isAbortedSignal(file, given)) return true;
  const controller =
    given.type === 'MemberExpression' ? file.variables.of(bare(given.object)) : undefined;
  if (!controller) return false;
  const isAwaited = outer(call).parent?.type === 'AwaitExpression';
  return file.variables.references(controller).some(({ identifier }) => {
    const abort = methodCallOn(identifier);
    if (abort?.name !== 'abort') return false;
    if (enclosingFunction(abort.call) !== enclosingFunction(call)) return false;
    return !isAwaited || abort.call.range[0] < call.range[0];
  });
}

/** `create({ createServer: () => stub }).listen(8080)`: what listens is what the test made up. */
function listensOnStub({ variables, tree }: FileModel, { callee }: Call): boolean {
  const method = bare(callee);
  if (method.type !== 'MemberExpression') return false;
  const made = bare(variables.constantOf(method.object) ?? method.object);
  const [options] = isCall(made) ? made.arguments : [];
  return (
    options?.type === 'ObjectExpression' &&
    options.properties.some((property) => {
      if (property.type !== 'Property' || !MAKES_SERVER.test(nameOf(property) ?? '')) return false;
      const [real] = within(tree.callsMatching(MAKES_SERVER), property.value);
      return isFunction(property.value) && !real;
    })
  );
}

const MAKES_SERVER = /^(?:create\w*Server|serverFactory)$/;

/** `AbortSignal.abort()`. */
function isAbortedSignal(file: FileModel, node: Node): boolean {
  if (node.type !== 'CallExpression') return false;
  const callee = bare(node.callee);
  return (
    callee.type === 'MemberExpression' &&
    nameOf(callee) === 'abort' &&
    file.variables.isGlobal(bare(callee.object), 'AbortSignal')
  );
}

/** `listen` of anything: nothing but a server listens on a number. */
function isListening(file: FileModel, call: Call): boolean {
  const callee = bare(call.callee);
  if (callee.type === 'MemberExpression') return nameOf(callee) === 'listen';
  const origin = file.originOf(callee);
  return origin !== undefined && isServe(origin);
}

function isServe(origin: Origin): boolean {
  return isExport(origin, '@hono/node-server', 'serve');
}

function numberOf(file: FileModel, node: Node): number | undefined {
  const value = bare(node);
  if (value.type === 'Literal') return typeof value.value === 'number' ? value.value : undefined;
  const variable = value.type === 'Identifier' ? file.variables.of(value) : undefined;
  const given = variable ? file.variables.values(variable) : undefined;
  const [only] = given ?? [];
  if (given?.length !== 1 || !only || only.path.length > 0) return undefined;
  const literal = bare(only.expression);
  return literal.type === 'Literal' && typeof literal.value === 'number'
    ? literal.value
    : undefined;
}
