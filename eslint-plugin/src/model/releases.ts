/** What becomes of a variable that holds a resource: where it is released, and whether it escapes. */
import {
  bare,
  enclosingFunction,
  isCall,
  isFunction,
  lastNameOf,
  methodCallOn,
  nameOf,
  outer,
  type Call,
  type FunctionNode,
  type Node,
} from './ast.ts';
import type { Frames } from './frames.ts';
import { CALLED, type Knowledge } from './knowledge.ts';
import { isExport as isExportOf, type OriginOf } from './origins.ts';
import type { Place, Placement } from './placement.ts';
import { within, type Tree } from './tree.ts';
import { isDisposableStack, type Variable, type Variables } from './variables.ts';

/**
 * - `kept`: only this file's code has it.
 * - `shared`: passed to a function that may use it but was given no way to release it with the test.
 * - `gone`: returned, stored or exported; whoever has it may release it.
 */
export type Custody = 'kept' | 'shared' | 'gone';

export interface Fate {
  readonly places: readonly Place[];
  readonly custody: Custody;
}

export interface Releases {
  fateOf(variable: Variable, resource: Knowledge): Fate;
  /** The same, as far as these of its uses go. */
  fateAt(uses: readonly Node[], resource: Knowledge): Fate;
}

type Fact = { readonly places: readonly Place[] } | { readonly custody: Custody };

const KEPT: Fact = { custody: 'kept' };
const SHARED: Fact = { custody: 'shared' };
const GONE: Fact = { custody: 'gone' };
const MAX_DEPTH = 3;

export function readReleases(
  tree: Tree,
  variables: Variables,
  originOf: OriginOf,
  frames: Frames,
  placement: Placement,
): Releases {
  type Via = ReadonlyMap<FunctionNode, Call>;

  function fateOf(variable: Variable, resource: Knowledge, via: Via = new Map()): Fate {
    return isExported(variable)
      ? { places: [], custody: 'gone' }
      : fateAt(
          variables
            .references(variable)
            .filter((reference) => reference.isRead())
            .map(({ identifier }) => identifier),
          resource,
          via,
        );
  }

  function fateAt(uses: readonly Node[], resource: Knowledge, via: Via = new Map()): Fate {
    const facts = uses.map((identifier) => factAt(identifier, resource, via));
    return {
      places: facts.flatMap((fact) => ('places' in fact ? fact.places : [])),
      custody: loosest(facts.map((fact) => ('custody' in fact ? fact.custody : 'kept'))),
    };
  }

  function factAt(identifier: Node, resource: Knowledge, via: Via): Fact {
    const used = outer(identifier);
    const { parent } = used;
    switch (parent?.type) {
      case 'MemberExpression':
        return parent.object === used ? memberFact(used, resource, via) : KEPT;
      case 'CallExpression':
      case 'NewExpression':
        if (resource.releasedBy.includes(CALLED)) return callableFact(parent, used, resource, via);
        return parent.callee === used ? KEPT : argumentFact(parent, used, resource, via);
      case 'Property':
        return parent.parent.type === 'ObjectExpression' ? literalFact(parent.parent) : KEPT;
      case 'ArrayExpression':
        return literalFact(parent);
      case 'AwaitExpression':
        return parent.parent.type === 'ExpressionStatement' ? KEPT : GONE;
      case 'LogicalExpression':
        return parent.left === used && parent.operator === '&&' ? KEPT : GONE;
      case 'ConditionalExpression':
        return parent.test === used ? KEPT : GONE;
      case 'IfStatement':
      case 'UnaryExpression':
      case 'BinaryExpression':
      case 'TemplateLiteral':
      case 'TaggedTemplateExpression':
      case 'ExpressionStatement':
      case 'TSTypeQuery':
        return KEPT;
      default:
        return GONE;
    }
  }

  /** `close()` releases, `t.after(close)` registers that; given to anybody else, they may call it. */
  function callableFact(call: Call, used: Node, { asynchronous }: Knowledge, via: Via): Fact {
    return call.callee === used
      ? { places: placement.placesOf(call, asynchronous, via) }
      : boundFact(used);
  }

  /** `pool.end()`, `pool.query()`, `pool.end.bind(pool)`. */
  function memberFact(used: Node, { releasedBy, releasedAtOnceBy }: Knowledge, via: Via): Fact {
    const path: string[] = [];
    let at = used;
    for (;;) {
      const { parent } = at;
      if (parent?.type !== 'MemberExpression' || parent.object !== at) return KEPT;
      const name = nameOf(parent);
      if (name === undefined) return GONE;
      path.push(name);
      at = outer(parent);
      const call = at.parent;
      const isCalled = call?.type === 'CallExpression' && call.callee === at;
      const method = path.join('.');
      if (!releasedBy.includes(method)) {
        if (isCalled) return KEPT;
        continue;
      }
      if (isCalled) {
        const told = call.arguments.length > 0 && !asynchronousArgument(call);
        return {
          places: placement.placesOf(call, !told && !releasedAtOnceBy.includes(method), via),
        };
      }
      return boundFact(at);
    }
  }

  /** A release that is told whom to call when it is done waits for nobody else. */
  function asynchronousArgument(call: Call): boolean {
    return call.arguments.every((argument) => {
      const value = bare(argument);
      return !isFunction(value) && value.type !== 'Identifier';
    });
  }

  /** `after(pool.end)`, `t.after(pool.end.bind(pool))`: the hook calls it and waits. */
  function boundFact(member: Node): Fact {
    const bound = methodCallOn(member);
    const value = outer(bound?.name === 'bind' ? bound.call : member);
    const { parent } = value;
    const hook = parent && frames.testCallOf(parent);
    if (!hook || hook.what.is !== 'hook' || hook.call.arguments[0] !== value) return GONE;
    const serves = frames.servedBy(hook);
    return {
      places: [
        {
          is: 'registered',
          node: value,
          serves,
          scope: frames.scopeOf(serves),
          awaited: true,
          hook,
        },
      ],
    };
  }

  function argumentFact(call: Call, used: Node, resource: Knowledge, via: Via): Fact {
    const callee = bare(call.callee);
    if (
      callee.type === 'MemberExpression' &&
      isDisposableStack(variables, callee.object) &&
      /^(use|adopt)$/.test(nameOf(callee) ?? '')
    ) {
      return { places: [handedOver(call)] };
    }
    if (isExportOf(originOf(callee), 'savepoint', 'use')) return { places: [handedOver(call)] };
    if (isHarmless(call)) return KEPT;
    const fn = frames.calleeOf(call);
    const parameter = fn?.params[call.arguments.findIndex((argument) => argument === used)];
    const inside = parameter?.type === 'Identifier' ? variables.of(parameter) : undefined;
    if (fn && inside && via.size < MAX_DEPTH && !via.has(fn)) {
      const fate = fateOf(inside, resource, new Map([...via, [fn, call]]));
      return fate.places.length > 0 ? fate : { custody: fate.custody };
    }
    return passedTo(call);
  }

  /** Whether a call only uses what it is given; an object made of it may take it over. */
  function isHarmless(call: Call): boolean {
    const origin = originOf(call.callee);
    switch (origin?.from) {
      case 'module':
        return (
          (HARMLESS_MODULES.has(origin.module) && call.type === 'CallExpression') ||
          /^savepoint(\/|$)/.test(origin.module)
        );
      case 'context':
        return origin.path[0] === 'assert';
      case 'global':
        return origin.path[0] === 'console';
      case undefined:
        return false;
    }
  }

  function handedOver(call: Call): Place {
    const serves = frames.frameOf(call);
    return {
      is: 'registered',
      node: call,
      serves,
      scope: frames.scopeOf(serves),
      awaited: true,
      hook: undefined,
    };
  }

  /** In `{ pool }` or `[pool]`, it goes where the literal goes. */
  function literalFact(literal: Node): Fact {
    let at = outer(literal);
    while (at.parent?.type === 'Property' || at.parent?.type === 'ObjectExpression') at = at.parent;
    if (isCall(at.parent)) return isHarmless(at.parent) ? KEPT : passedTo(at.parent);
    return isLocal(at.parent) ? SHARED : GONE;
  }

  /** An object of the same function: `const deps = { pool }`, to be passed on. */
  function isLocal(holder: Node | undefined): boolean {
    if (holder?.type !== 'VariableDeclarator' || !enclosingFunction(holder)) return false;
    const variable = variables.of(holder.id);
    return (
      variable !== undefined &&
      variables
        .references(variable)
        .every(
          ({ identifier }) => !/^(Return|Arrow|Yield)/.test(outer(identifier).parent?.type ?? ''),
        )
    );
  }

  /** Kept in a list, given with the test context, or in a teardown hook: the other side may release it. */
  function passedTo(call: Call): Fact {
    if (KEEPS.has(lastNameOf(call) ?? '')) return GONE;
    const frame = frames.frameOf(call);
    const inTeardown = frame.is === 'hook' && frame.hook.startsWith('after');
    return inTeardown || (isGivenContext(call) && mayRegister(call)) ? GONE : SHARED;
  }

  function isGivenContext(call: Call): boolean {
    return call.arguments.some((argument) => {
      const origin = originOf(argument);
      return origin?.from === 'context' && origin.path.length === 0;
    });
  }

  /** Whether a function does more with the context than to write to it: `t.diagnostic('…')`. */
  function mayRegister(call: Call): boolean {
    const fn = frames.calleeOf(call);
    if (!fn) return true;
    const [context] = fn.params.filter((_, index) => frames.takesContext(fn, index));
    const variable = context && variables.of(context);
    if (context && !variable) return true;
    for (const inside of within(tree.calls, fn)) if (frames.testCallOf(inside)) return true;
    return (variable ? variables.references(variable) : []).some(
      ({ identifier }) => methodCallOn(identifier)?.name !== 'diagnostic',
    );
  }

  return { fateOf, fateAt };
}

/** Methods of lists, sets and maps that keep what they are given. */
const KEEPS = new Set(['push', 'unshift', 'add', 'set']);

/** Functions of these modules release nothing that they are given. */
const HARMLESS_MODULES = new Set(['assert', 'assert/strict', 'events', 'undici', 'util']);

function loosest(custodies: readonly Custody[]): Custody {
  if (custodies.includes('gone')) return 'gone';
  return custodies.includes('shared') ? 'shared' : 'kept';
}

function isExported(variable: Variable): boolean {
  return variable.defs.some(({ node }) => isExport(node.parent.parent));
}

/** The types say that every node has a parent; a program has none. */
function isExport(node: Node | null | undefined): boolean {
  return node?.type.startsWith('Export') ?? false;
}
