/** Routes that a test adds to a Hono app it shares with others. */
import { bare, isFunction, methodCallOn, nameOf, textOf, type Call, type Node } from './ast.ts';
import type { FileModel } from './file-model.ts';
import { isExport } from './origins.ts';
import type { Variable } from './variables.ts';

export interface LateRoute {
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
  const shared = new Map<Variable, boolean>();
  for (const call of file.tree.callsNamed(...REGISTERS)) {
    const callee = bare(call.callee);
    if (callee.type !== 'MemberExpression') continue;
    const method = nameOf(callee);
    const app = bare(callee.object);
    if (method === undefined || app.type !== 'Identifier') continue;
    const variable = file.variables.of(app);
    if (!variable) continue;
    const isShared = shared.get(variable) ?? isSharedApp(file, variable);
    shared.set(variable, isShared);
    if (isShared && registersHandler(file, call, method) && isInTest(file, call)) {
      yield { call, text: `${app.name}.${method}()` };
    }
  }
}

/** A path or a handler is given: `app.get('key')` of another library reads. */
function registersHandler({ acquisitions }: FileModel, call: Call, method: string): boolean {
  const last = call.arguments.at(-1);
  if (!last || acquisitions.resourceOf(call)) return false;
  return method === 'use' || call.arguments.length > 1 || isFunction(bare(last));
}

function isInTest({ frames }: FileModel, call: Call): boolean {
  const frame = frames.frameOf(call);
  return frame.is === 'test' || (frame.is === 'hook' && frame.hook !== 'after');
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
