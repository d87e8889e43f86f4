/** Where does the file acquire a resource, and who holds it then? */
import {
  bare,
  calledPathOn,
  enclosingFunction,
  isCall,
  isFunction,
  lastNameOf,
  methodCallOn,
  nameOf,
  outer,
  outerAwaited,
  propertyOf,
  type Call,
  type FunctionNode,
  type Node,
} from './ast.ts';
import { readClosables } from './closables.ts';
import type { Frames } from './frames.ts';
import { isClass, readInstances, type InstanceOf } from './instances.ts';
import { asKind, type Knowledge, type KnownResources } from './knowledge.ts';
import { differsByPlace, isExport, isOfEnvironment, type OriginOf } from './origins.ts';
import type { ForeignResources } from './project/foreign-resources.ts';
import { isRelative } from './project/resolve.ts';
import { within, type Tree } from './tree.ts';
import { isDisposableStack, isNothing, type Variable, type Variables } from './variables.ts';

export type Holder =
  | { readonly is: 'variable'; readonly variable: Variable }
  /** `using`, savepoint's `use(t, …)`, a disposable stack: released on every path. */
  | { readonly is: 'scope' }
  | { readonly is: 'returned' }
  /** Nobody keeps it. */
  | { readonly is: 'nobody' }
  | { readonly is: 'others' };

export interface Acquisition {
  readonly node: Call;
  readonly resource: Knowledge;
  readonly holder: Holder;
  /** What lent it: the pool of a client. */
  readonly lender: Variable | undefined;
  /** The methods called on it where it is made: `.listen(0)`. */
  readonly chained: readonly Chained[];
}

interface Acquired extends Pick<Acquisition, 'resource' | 'lender'> {
  /** The variable that holds it, where what the call answers is taken apart. */
  readonly part?: Variable;
}

export interface Chained {
  readonly path: readonly string[];
  readonly call: Call;
}

export interface Acquisitions {
  of(call: Call): Acquisition | undefined;
  /** What an object of a class of this file is. */
  readonly instanceOf: InstanceOf;
  /** What a value is, when it can only be one resource. */
  resourceOf(node: Node): Knowledge | undefined;
}

/** Methods of event emitters and servers that answer the object itself. */
const FLUENT = new Set(['on', 'once', 'addListener', 'unref', 'ref', 'setTimeout', 'listen']);
const IN_PROCESS = /sqlite|:memory:|libsql|pglite/i;

export function readAcquisitions(
  tree: Tree,
  variables: Variables,
  originOf: OriginOf,
  frames: Frames,
  known: KnownResources,
  foreign: ForeignResources,
): Acquisitions {
  const byVariable = new Map<Variable, Knowledge | undefined>();
  const byFunction = new Map<FunctionNode, Knowledge | undefined>();
  const byProperty = new Map<Node, Knowledge | undefined>();
  const makers = new Map<Variable, boolean>();
  const closableOf = readClosables(tree, variables, originOf, frames);
  const instanceOf = readInstances(tree, variables, fieldMadeBy);

  function of(call: Call): Acquisition | undefined {
    const found = mayAcquire(call) ? acquiredBy(call) : undefined;
    if (!found) return undefined;
    const { at, chained } = end(call, found.resource);
    const holder: Holder = found.part ? { is: 'variable', variable: found.part } : holderAt(at);
    const { openedBy } = found.resource;
    if (openedBy.length > 0 && !isOpened(holder, chained, openedBy)) return undefined;
    const { lender } = found;
    const resource = onlyMigrates(found.resource, holder)
      ? asKind(found.resource, 'connection')
      : found.resource;
    return { node: call, resource, lender, holder, chained };
  }

  /** Asked first, because most calls do not: nobody keeps what they answer, and no resource is made by such a name. */
  function mayAcquire(call: Call): boolean {
    if (isTaken(call)) return true;
    const callee = bare(call.callee);
    if (callee.type === 'Identifier') return mayMake(callee);
    const name = callee.type === 'MemberExpression' ? nameOf(callee) : undefined;
    return name === undefined || known.mayMake(name) || known.mayLend(name);
  }

  /** Whether what is called by a plain name may make a resource: what that name means is asked once. */
  function mayMake(callee: Node): boolean {
    const variable = variables.of(callee);
    if (!variable) return false;
    const asked = makers.get(variable);
    if (asked !== undefined) return asked;
    const origin = originOf(callee);
    const isMaker =
      differsByPlace(variables, variable) ||
      variables.functionOf(variable) !== undefined ||
      isClass(variable.defs[0]?.node) ||
      (origin?.from === 'module' && (isRelative(origin.module) || known.of(origin) !== undefined));
    makers.set(variable, isMaker);
    return isMaker;
  }

  function acquiredBy(call: Call): Acquired | undefined {
    const made = madeBy(call) ?? instanceMade(call) ?? factoryMade(call) ?? foreign.madeBy(call);
    if (made) return { resource: made, lender: undefined };
    const lent = lentBy(call);
    if (lent) return lent;
    const closable = closableOf(call);
    return closable && { ...closable, lender: undefined };
  }

  function madeBy(call: Call): Knowledge | undefined {
    const name = lastNameOf(call);
    if (name !== undefined && !known.mayMake(name)) return undefined;
    const origin = originOf(call.callee);
    const resource = origin && known.of(origin);
    if (!resource?.row) return undefined;
    if (resource.row.acquiredBy === 'call' && call.type === 'NewExpression') return undefined;
    const [first] = call.arguments;
    if (resource.row.whenGivenUrl && !isUrl(first)) return undefined;
    if (resource.row.exceptWith?.some((name) => propertyOf(first, name))) return undefined;
    return resource.kind === 'pool' && !connects(call) ? asKind(resource, 'handle') : resource;
  }

  /** Whether a pool is one of connections: not of a database in the process, nor of a driver made up here. */
  function connects({ arguments: given }: Call): boolean {
    return !given.some((argument) => namesInProcess(argument) || isDrivenByFile(argument));
  }

  /** `{ dialect }` of an object, or of a class or function of this file. */
  function isDrivenByFile(options: Node): boolean {
    const value = propertyOf(bare(options), 'dialect')?.value;
    const driver = value && (variables.constantOf(value) ?? bare(value));
    if (!isCall(driver)) return driver?.type === 'ObjectExpression';
    const kind = variables.of(bare(driver.callee))?.defs[0]?.type;
    return kind === 'ClassName' || frames.calleeOf(driver) !== undefined;
  }

  function isUrl(node: Node | undefined): boolean {
    if (!node) return false;
    const value = bare(node);
    if (value.type === 'TemplateLiteral') return true;
    if (value.type === 'Literal') return typeof value.value === 'string';
    return isOfEnvironment(originOf(value));
  }

  /** `pool.connect()`; with a callback the client never shows. */
  function lentBy(call: Call): Acquired | undefined {
    if (!known.mayLend(lastNameOf(call) ?? '')) return undefined;
    if (call.arguments.some((argument) => isFunction(bare(argument)))) return undefined;
    const path: string[] = [];
    let at = bare(call.callee);
    while (at.type === 'MemberExpression') {
      const name = nameOf(at);
      if (name === undefined) return undefined;
      path.unshift(name);
      at = bare(at.object);
      const loan = resourceOf(at)?.lends.find(({ method }) => method.test(path.join('.')));
      if (loan) return { resource: loan.resource, lender: variables.of(at) };
    }
    return undefined;
  }

  /** A `new` of a class of this file that is given no context to register its release. */
  function instanceMade(call: Call): Knowledge | undefined {
    if (call.type !== 'NewExpression') return undefined;
    const cls: Node | undefined = variables.of(bare(call.callee))?.defs[0]?.node;
    if (!isClass(cls) || call.arguments.some((each) => originOf(each)?.from === 'context')) {
      return undefined;
    }
    return instanceOf(cls);
  }

  /** What a class makes for a field of its own, by itself or by way of a constant of the same function. */
  function fieldMadeBy(value: Node): { made: Call; resource: Knowledge } | undefined {
    const constant = variables.constantOf(value);
    const fn = constant && enclosingFunction(constant);
    if (constant && (!fn || fn !== enclosingFunction(value))) return undefined;
    const made = bare(constant ?? value);
    if (made.type === 'AwaitExpression') return fieldMadeBy(made.argument);
    const resource = isCall(made) ? (madeBy(made) ?? instanceMade(made)) : undefined;
    return resource && isCall(made) ? { made, resource } : undefined;
  }

  /** A function of this file that answers a resource and takes no context to register its release. */
  function factoryMade(call: Call): Knowledge | undefined {
    const fn = frames.calleeOf(call);
    if (!fn || fn.params.some((_, index) => frames.takesContext(fn, index))) return undefined;
    if (!byFunction.has(fn)) {
      byFunction.set(fn, undefined);
      byFunction.set(fn, answerOf(fn));
    }
    return byFunction.get(fn);
  }

  function answerOf(fn: FunctionNode): Knowledge | undefined {
    if (fn.generator) return undefined;
    if (fn.body.type !== 'BlockStatement') return resourceOf(fn.body);
    const answers: (Knowledge | undefined)[] = [];
    for (const node of within(tree.returns, fn.body)) {
      if (enclosingFunction(node) !== fn) continue;
      answers.push(node.argument ? resourceOf(node.argument) : undefined);
    }
    return only(answers);
  }

  function resourceOf(node: Node): Knowledge | undefined {
    const value = bare(node);
    if (value.type === 'AwaitExpression') return resourceOf(value.argument);
    if (value.type === 'Identifier') {
      return resourceOfVariable(variables.of(value)) ?? foreign.of(value);
    }
    if (value.type === 'MemberExpression') return resourceOfProperty(variables.heldAt(value));
    if (!isCall(value)) return undefined;
    const callee = bare(value.callee);
    const fluent =
      callee.type === 'MemberExpression' ? answeredBy(callee.object, nameOf(callee)) : undefined;
    return fluent ?? scopeMade(value) ?? acquiredBy(value)?.resource ?? foreign.of(value);
  }

  /** Noted before it is known: `const a = { b: a.b }` asks for itself. */
  function resourceOfProperty(held: Node | undefined): Knowledge | undefined {
    if (!held) return undefined;
    if (!byProperty.has(held)) {
      byProperty.set(held, undefined);
      byProperty.set(held, resourceOf(held));
    }
    return byProperty.get(held);
  }

  /** The object itself, where its method answers it. */
  function answeredBy(object: Node, method = ''): Knowledge | undefined {
    const isAsked = FLUENT.has(method) || isCall(bare(object)) || known.mayOpen(method);
    const resource = isAsked ? resourceOf(object) : undefined;
    return resource && isFluent(resource, method) ? resource : undefined;
  }

  function resourceOfVariable(variable: Variable | undefined): Knowledge | undefined {
    if (!variable || variable.defs[0]?.type === 'Parameter') return undefined;
    if (!byVariable.has(variable)) {
      byVariable.set(variable, undefined);
      const values = variables
        .values(variable)
        ?.filter(({ expression }) => !isNothing(variables, expression));
      byVariable.set(
        variable,
        only(
          values?.map(({ expression, path }) =>
            path.length === 0 ? resourceOf(expression) : undefined,
          ),
        ),
      );
    }
    return byVariable.get(variable);
  }

  /** `use(t, () => new Pool())` answers what its function acquires. */
  function scopeMade(call: Call): Knowledge | undefined {
    if (!isExport(originOf(call.callee), 'savepoint', 'use')) return undefined;
    const [, acquire] = call.arguments;
    if (!acquire) return undefined;
    const fn = bare(acquire);
    return isFunction(fn) ? answerOf(fn) : resourceOf(fn);
  }

  /** The expression that ends as the resource, past fluent calls, and those. */
  function end(call: Call, resource: Knowledge): { at: Node; chained: Chained[] } {
    const chained: Chained[] = [];
    let at: Node = outerAwaited(call);
    for (;;) {
      const method = methodCallOn(at);
      if (!method || !isFluent(resource, method.name)) return { at, chained };
      chained.push({ path: [method.name], call: method.call });
      at = outerAwaited(method.call);
    }
  }

  /** `knex.migrate.latest()` and no more before its end: work on the schema, whose pool nobody shares. */
  function onlyMigrates({ kind, releasedBy }: Knowledge, holder: Holder): boolean {
    if (kind !== 'pool' || holder.is !== 'variable') return false;
    const used = variables.references(holder.variable).filter((reference) => reference.isRead());
    const paths = used.flatMap(({ identifier }) =>
      calledPathOn(identifier).map(({ path }) => path),
    );
    return (
      paths.length === used.length &&
      paths.some(([first]) => first === 'migrate') &&
      paths.every((path) => path[0] === 'migrate' || releasedBy.includes(path.join('.')))
    );
  }

  function holderAt(at: Node): Holder {
    const { parent } = at;
    switch (parent?.type) {
      case 'VariableDeclarator': {
        if (/using$/.test(parent.parent.kind)) return { is: 'scope' };
        return holderNamed(parent.id);
      }
      case 'AssignmentExpression':
        return holderNamed(parent.left);
      case 'ExpressionStatement':
        return { is: 'nobody' };
      case 'ReturnStatement':
      case 'ArrowFunctionExpression': {
        const fn = isFunction(parent) ? parent : enclosingFunction(parent);
        return fn && isAcquireOfUse(fn) ? { is: 'scope' } : { is: 'returned' };
      }
      case 'CallExpression':
        return isHandedToScope(parent) ? { is: 'scope' } : { is: 'others' };
      default:
        return { is: 'others' };
    }
  }

  function holderNamed(target: Node): Holder {
    const variable = variables.of(target);
    return variable ? { is: 'variable', variable } : { is: 'others' };
  }

  function isAcquireOfUse(fn: FunctionNode): boolean {
    const { parent } = outer(fn);
    return isCall(parent) && isExport(originOf(parent.callee), 'savepoint', 'use');
  }

  function isHandedToScope(call: Call): boolean {
    if (isExport(originOf(call.callee), 'savepoint', 'use')) return true;
    const callee = bare(call.callee);
    return (
      callee.type === 'MemberExpression' &&
      /^(use|adopt)$/.test(nameOf(callee) ?? '') &&
      isDisposableStack(variables, callee.object)
    );
  }

  /** A server nobody listens on, a connection nobody opens, needs no release. */
  function isOpened(
    holder: Holder,
    chained: readonly Chained[],
    openedBy: readonly string[],
  ): boolean {
    if (chained.some(({ path }) => openedBy.includes(path.join('.')))) return true;
    return (
      holder.is === 'variable' &&
      variables
        .references(holder.variable)
        .some(({ identifier }) => openedBy.includes(methodCallOn(identifier)?.name ?? ''))
    );
  }

  return { of, instanceOf, resourceOf };
}

function isTaken(call: Call): boolean {
  switch (outerAwaited(call).parent?.type) {
    case 'VariableDeclarator':
    case 'AssignmentExpression':
    case 'ReturnStatement':
    case 'ArrowFunctionExpression':
      return true;
    default:
      return false;
  }
}

/** Whether a method answers the object: an event emitter's, what opens it, any of a builder's. */
function isFluent({ openedBy, releasedBy, lends }: Knowledge, method: string): boolean {
  if (lends.some((loan) => loan.method.test(method))) return false;
  return FLUENT.has(method) || openedBy.includes(method) || releasedBy.length === 0;
}

/** Options or arguments that name SQLite or PGlite: a dialect, a client, a file in memory. */
function namesInProcess(node: Node): boolean {
  const value = bare(node);
  switch (value.type) {
    case 'Literal':
      return typeof value.value === 'string' && IN_PROCESS.test(value.value);
    case 'ObjectExpression':
      return value.properties.some(
        (each) => each.type === 'Property' && namesInProcess(each.value),
      );
    case 'NewExpression':
      return value.callee.type === 'Identifier' && IN_PROCESS.test(value.callee.name);
    default:
      return false;
  }
}

function only<T>(values: readonly (T | undefined)[] | undefined): T | undefined {
  const [first] = values ?? [];
  return values?.every((value) => value === first) ? first : undefined;
}
