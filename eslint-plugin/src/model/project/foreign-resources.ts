/**
 * Resources that another file of the project makes or holds: what an imported function answers, what
 * an imported name is, what a callback is given. A resource that its maker keeps, registers for
 * release or shares is known for what it is, but is not its caller's to release.
 */
import {
  bare,
  enclosingFunction,
  isCall,
  isFunction,
  isInside,
  methodCallOn,
  nameOf,
  outer,
  outerAwaited,
  refugeOf,
  type Call,
  type FunctionNode,
  type Node,
} from '../ast.ts';
import { mayEnd } from '../closables.ts';
import { nameNodeOf } from '../frames.ts';
import { opened, type Knowledge } from '../knowledge.ts';
import type { OriginOf } from '../origins.ts';
import type { Place } from '../placement.ts';
import type { Settings } from '../settings.ts';
import { within } from '../tree.ts';
import type { Variable, Variables } from '../variables.ts';
import type { ForeignClass, ForeignFunction, Project } from './project.ts';
import { isRelative } from './resolve.ts';

export interface ForeignResources {
  /** What a call of another file's function makes for its caller. */
  madeBy(call: Call): Knowledge | undefined;
  /** What a value that another file answers, exports or passes to a callback is. */
  of(value: Node): Knowledge | undefined;
}

/** What resources are asked to do in tests, beside being opened and released. */
const WORK = /^(?:query|inject|ready|request|prepare|exec|execute|address|decorate)$/;
/** What keeps what it is given. */
const STORES = /^(?:push|unshift|add|set|append|enqueue)$/;
const MOST_CALLS = 3;

export function foreignResources(
  project: Project,
  originOf: OriginOf,
  variables: Variables,
  { known, testModules }: Settings,
): ForeignResources {
  function madeBy(call: Call): Knowledge | undefined {
    const origin = originOf(call.callee);
    if (origin?.from !== 'module' || !isRelative(origin.module)) return undefined;
    if (!isHeld(call) || call.arguments.some(mayRegister)) return undefined;
    return call.type === 'NewExpression'
      ? instanceMadeBy(project.classOf(origin))
      : madeAnewBy(project.functionOf(origin), 0);
  }

  /** Given to a variable that is used as resources are: most of what is imported and called answers data. */
  function isHeld(call: Call): boolean {
    const { parent } = outerAwaited(call);
    switch (parent?.type) {
      case 'VariableDeclarator':
        return isUsedAsResource(parent.id);
      case 'AssignmentExpression':
        return isUsedAsResource(parent.left);
      case 'ReturnStatement':
        return isNamed(enclosingFunction(parent));
      case 'ArrowFunctionExpression':
        return isNamed(parent);
      default:
        return false;
    }
  }

  function isUsedAsResource(holder: Node): boolean {
    const variable = variables.of(holder);
    return (
      variable !== undefined &&
      variables.references(variable).some(({ identifier }) => {
        const name = methodCallOn(identifier)?.name;
        return name !== undefined && (WORK.test(name) || mayEnd(name) || known.mayHave(name));
      })
    );
  }

  /** With a context, or a hook, whoever is called may register the release itself. */
  function mayRegister(argument: Node): boolean {
    const value = bare(argument);
    if (value.type === 'ObjectExpression') {
      return value.properties.some((property) =>
        mayRegister(property.type === 'Property' ? property.value : property.argument),
      );
    }
    const origin = originOf(value);
    return (
      origin?.from === 'context' || (origin?.from === 'module' && testModules.has(origin.module))
    );
  }

  function of(node: Node): Knowledge | undefined {
    const value = bare(node);
    if (isCall(value)) return answeredBy(project.functionOf(originOf(value.callee)));
    if (value.type !== 'Identifier') return undefined;
    const variable = variables.of(value);
    if (variable?.defs[0]?.type === 'Parameter') return givenTo(variable);
    const found = project.exportOf(originOf(value));
    return found?.reading.acquisitions.resourceOf(found.node);
  }

  /** `withClient(async (client) => …)`: what the other file calls its callback with. */
  function givenTo(parameter: Variable): Knowledge | undefined {
    const callback = parameter.defs[0]?.node;
    if (!callback || !isFunction(callback)) return undefined;
    const call = outer(callback).parent;
    if (!isCall(call)) return undefined;
    const index = callback.params.findIndex((each) => each === parameter.identifiers[0]);
    const callee = project.functionOf(originOf(call.callee));
    const taken = callee?.fn.params[call.arguments.findIndex((each) => bare(each) === callback)];
    const given = callee && taken && callee.reading.variables.of(taken);
    if (!given || index < 0) return undefined;
    return only(
      callee.reading.variables.references(given).flatMap(({ identifier }) => {
        const { parent } = outer(identifier);
        if (!isCall(parent) || bare(parent.callee) !== identifier) return [];
        const argument = parent.arguments[index];
        return [argument && callee.reading.acquisitions.resourceOf(argument)];
      }),
    );
  }

  return { madeBy, of };
}

/** A factory of this file has a name; what a callback answers goes to whoever calls it back. */
function isNamed(fn: FunctionNode | undefined): boolean {
  return fn !== undefined && nameNodeOf(fn) !== undefined;
}

function answeredBy(callee: ForeignFunction | undefined): Knowledge | undefined {
  return (
    callee &&
    only(answersOf(callee).map((answer) => callee.reading.acquisitions.resourceOf(answer)))
  );
}

function instanceMadeBy(found: ForeignClass | undefined): Knowledge | undefined {
  return found?.reading.acquisitions.instanceOf(found.cls);
}

function madeAnewBy(callee: ForeignFunction | undefined, calls: number): Knowledge | undefined {
  if (!callee || calls > MOST_CALLS) return undefined;
  return only(answersOf(callee).map((answer) => madeAnew(callee, answer, calls)));
}

/** The resource that this answer is, when nobody but the caller has it. */
function madeAnew(callee: ForeignFunction, answer: Node, calls: number): Knowledge | undefined {
  const { acquisitions, variables, project, originOf, frames } = callee.reading;
  const value = awaited(answer);
  if (value.type === 'Identifier') {
    const variable = variables.of(value);
    return variable && madeFor(callee, variable, calls);
  }
  if (!isCall(value)) return undefined;
  const own = frames.calleeOf(value);
  if (own) return madeAnewBy({ reading: callee.reading, fn: own }, calls + 1);
  const abroad = project.functionOf(originOf(value.callee));
  if (abroad) return madeAnewBy(abroad, calls + 1);
  const chained = bare(value.callee);
  const resource = acquisitions.resourceOf(value);
  if (!resource || isForItself(callee, value, resource)) return undefined;
  if (chained.type !== 'MemberExpression' || acquisitions.of(value)) return resource;
  // `createServer(…).listen(0)` is the server.
  return madeAnew(callee, chained.object, calls) && opened(resource);
}

/** A variable of the function that holds what it made, and that it only uses and answers. */
function madeFor(
  callee: ForeignFunction,
  variable: Variable,
  calls: number,
): Knowledge | undefined {
  const { reading, fn } = callee;
  const declared = variable.identifiers[0];
  if (!declared || !isInside(declared, fn.body) || variable.defs[0]?.type !== 'Variable')
    return undefined;
  const resource = only(
    reading.variables
      .values(variable)
      ?.map(({ expression, path }) =>
        path.length === 0 ? madeAnew(callee, expression, calls) : undefined,
      ),
  );
  if (!resource) return undefined;
  const uses = reading.variables
    .references(variable)
    .filter((reference) => reference.isRead())
    .map(({ identifier }) => identifier);
  const others = uses.filter((identifier) => !isAnswer(identifier, fn));
  const { places, custody } = reading.releases.fateAt(others, resource);
  if (custody === 'gone' || others.some(isStored)) return undefined;
  if (!places.every((place) => isForFailure(place) || isForContext(place, fn))) return undefined;
  const isOpened = uses.some((use) => resource.openedBy.includes(methodCallOn(use)?.name ?? ''));
  return isOpened ? opened(resource) : resource;
}

function isAnswer(identifier: Node, fn: FunctionNode): boolean {
  const { parent } = outer(identifier);
  return parent?.type === 'ReturnStatement' && enclosingFunction(parent) === fn;
}

function isStored(identifier: Node): boolean {
  const { parent } = outer(identifier);
  const callee = isCall(parent) ? bare(parent.callee) : undefined;
  return callee?.type === 'MemberExpression' && STORES.test(nameOf(callee) ?? '');
}

/** Released only when the function fails. */
function isForFailure(place: Place): boolean {
  return place.is === 'unseen' && refugeOf(place.node) === 'catch';
}

/** Registered with the context, of which this call gives none. */
function isForContext(place: Place, fn: FunctionNode): boolean {
  return place.is === 'registered' && place.hook?.owner === fn;
}

/** A pool that is told where to connect by what the function is given may be of a database of its own. */
function isForItself({ reading, fn }: ForeignFunction, call: Call, { kind }: Knowledge): boolean {
  if (kind !== 'pool' && kind !== 'connection') return false;
  const { variables } = reading;
  return call.arguments.some((argument) =>
    [...variables.referringIn(argument)].some((identifier) =>
      variables.of(identifier)?.identifiers.some((declared) => isInside(declared, fn)),
    ),
  );
}

/** What a function answers: the expressions it returns. */
export function answersOf({ reading, fn }: ForeignFunction): Node[] {
  if (fn.generator) return [];
  if (fn.body.type !== 'BlockStatement') return [fn.body];
  const answers: Node[] = [];
  for (const statement of within(reading.tree.returns, fn.body)) {
    if (enclosingFunction(statement) === fn && statement.argument) answers.push(statement.argument);
  }
  return answers;
}

function awaited(node: Node): Node {
  const value = bare(node);
  return value.type === 'AwaitExpression' ? awaited(value.argument) : value;
}

function only<T>(values: readonly (T | undefined)[] | undefined): T | undefined {
  const [first] = values ?? [];
  return values?.every((value) => value === first) ? first : undefined;
}
