/** Routes that a test adds to a Hono app it shares with others. */
import {
  bare,
  isFunction,
  isInside,
  methodCallOn,
  nameOf,
  textOf,
  type Call,
  type Node,
} from './ast.ts';
import type { FileModel } from './file-model.ts';
import { isExport } from './origins.ts';
import type { Variable } from './variables.ts';

export interface LateRoute {
  /** - `late`: the app has answered a request by then; `changed`: tests behind it have the route, too. */
  readonly is: 'late' | 'changed';
  readonly call: Call;
  /** The call as a message names it: `app.get()`. */
  readonly text: string;
}

const REGISTERS = [
  'use',
  'get',
  'post',
  'put',
  'delete',
  'patch',
  'all',
  'on',
  'route',
  'mount',
  'notFound',
  'onError',
];

export function* lateRoutes(file: FileModel): Iterable<LateRoute> {
  const shared = new Map<Variable, App>();
  for (const call of file.tree.callsNamed(...REGISTERS)) {
    const callee = bare(call.callee);
    if (callee.type !== 'MemberExpression') continue;
    const method = nameOf(callee);
    const object = bare(callee.object);
    if (method === undefined || object.type !== 'Identifier') continue;
    const variable = file.variables.of(object);
    if (!variable) continue;
    const app = shared.get(variable) ?? sharedApp(file, variable);
    shared.set(variable, app);
    if (!app.isShared || !registersHandler(file, call, method) || !isInTest(file, call)) continue;
    const is = isAskedBefore(file, app.asked, call) ? 'late' : 'changed';
    yield { is, call, text: `${variable.name}.${method}()` };
  }
}

interface App {
  readonly isShared: boolean;
  /** Where tests, and helpers of theirs, do anything with it but add to it. */
  readonly asked: readonly Node[];
}

function sharedApp(file: FileModel, variable: Variable): App {
  if (!isSharedApp(file, variable)) return { isShared: false, asked: [] };
  const asked = file.variables.references(variable).flatMap(({ identifier }) => {
    if (REGISTERS.includes(methodCallOn(identifier)?.name ?? '')) return [];
    const user = file.frames.frameOf(identifier);
    return user.is === 'test' || user.is === 'helper' ? [identifier] : [];
  });
  return { isShared: true, asked };
}

/** A path or a handler is given: `app.get('key')` of another library reads. */
function registersHandler({ acquisitions }: FileModel, call: Call, method: string): boolean {
  const last = call.arguments.at(-1);
  if (!last || acquisitions.resourceOf(call)) return false;
  return method === 'use' || call.arguments.length > 1 || isFunction(bare(last));
}

function isInTest({ frames }: FileModel, call: Call): boolean {
  const frame = frames.frameOf(call);
  return frame.is === 'test' || (frame.is === 'hook' && !frame.hook.startsWith('after'));
}

/** By other tests than those it is added for, or by the same test above. */
function isAskedBefore({ frames }: FileModel, asked: readonly Node[], call: Call): boolean {
  const frame = frames.frameOf(call);
  if (frame.is !== 'test' && frame.is !== 'hook') return false;
  // Before each test means again behind the first of them; before all means for these alone.
  if (frame.is === 'hook' && frame.hook === 'beforeEach') return asked.length > 0;
  const addedFor = frame.is === 'test' ? frame : frames.servedBy(frame.call);
  if (addedFor.is === 'file') return false;
  return asked.some(
    (node) =>
      !isInside(node, addedFor.fn) || (frame.is === 'test' && isAbove(node, call, frame.fn)),
  );
}

function isAbove(identifier: Node, call: Call, test: Node): boolean {
  return isInside(identifier, test) && identifier.range[1] <= call.range[0];
}

/** Made by Hono at the top of the file, or imported and asked as only a Hono app is. */
function isSharedApp(file: FileModel, variable: Variable): boolean {
  const [definition] = variable.defs;
  if (!definition) return false;
  if (isImportedFromProject(file, variable)) return isAskedLikeHono(file, variable);
  const values = file.variables.values(variable) ?? [];
  return (
    values.length === 1 &&
    values.every(({ expression }) => isHono(file, expression)) &&
    file.frames.frameOf(definition.name).is === 'file'
  );
}

function isHono({ originOf }: FileModel, node: Node): boolean {
  const made = bare(node);
  return made.type === 'NewExpression' && isExport(originOf(made.callee), 'hono', 'Hono');
}

function isImportedFromProject({ originOf }: FileModel, variable: Variable): boolean {
  const [identifier] = variable.identifiers;
  const origin = identifier && originOf(identifier);
  return origin?.from === 'module' && /^[.#~@]\/|^\.|^#/.test(origin.module);
}

/** `app.request('/…')`, which neither Express nor Fastify has, or `testClient(app)`. */
function isAskedLikeHono({ variables, originOf }: FileModel, variable: Variable): boolean {
  return variables.references(variable).some(({ identifier }) => {
    const method = methodCallOn(identifier);
    if (method) return method.name === 'request' && textOf(method.call.arguments[0]) !== undefined;
    const { parent } = identifier;
    if (parent.type !== 'CallExpression') return false;
    const origin = originOf(parent.callee);
    return (
      isExport(origin, 'hono/testing', 'testClient') || isExport(origin, 'savepoint/http', 'client')
    );
  });
}
