/** Releases that are named and not called, or given to a hook without the object they belong to. */
import type { TSESTree } from '@typescript-eslint/utils';
import { isFunction, nameOf, outer, outerAwaited } from './ast.ts';
import { mayEnd } from './closables.ts';
import type { FileModel } from './file-model.ts';

export interface UncalledTeardown {
  readonly member: TSESTree.MemberExpression;
  /** `named`: nobody calls it. `unbound`: the hook does, without its `this` and with a context. */
  readonly is: 'named' | 'unbound';
}

/** Whose release is a function of its own: it needs no `this`. */
const BOUND = new Set(['client', 'app']);

export function* uncalledTeardowns(file: FileModel): Iterable<UncalledTeardown> {
  for (const member of file.tree.members) {
    // Most members are called, or lead to another.
    if (isUsedAtOnce(member)) continue;
    const name = nameOf(member);
    if (name === undefined || !(mayEnd(name) || file.settings.known.mayRelease(name))) continue;
    const is = uncalledWay(file, member);
    if (!is) continue;
    const resource = file.acquisitions.resourceOf(member.object);
    if (!resource?.releasedBy.includes(name)) continue;
    if (is === 'named' || !BOUND.has(resource.kind)) yield { member, is };
  }
}

function isUsedAtOnce(member: TSESTree.MemberExpression): boolean {
  const { parent } = member;
  return parent.type === 'CallExpression'
    ? parent.callee === member
    : parent.type === 'MemberExpression';
}

function uncalledWay(
  file: FileModel,
  member: TSESTree.MemberExpression,
): UncalledTeardown['is'] | undefined {
  const value = outerAwaited(member);
  const { parent } = value;
  switch (parent?.type) {
    case 'ExpressionStatement':
      return 'named';
    case 'ArrowFunctionExpression':
      return parent.body === value && isTeardownHook(file, outer(parent).parent, parent)
        ? 'named'
        : undefined;
    case 'CallExpression':
      return isTeardownHook(file, parent, value) ? 'unbound' : undefined;
    default:
      return undefined;
  }
}

/** Whether a node is the call of a hook that tears down, with this as its function. */
function isTeardownHook(
  { frames }: FileModel,
  node: TSESTree.Node | undefined,
  callback: TSESTree.Node,
): boolean {
  const call = node && frames.testCallOf(node);
  if (call?.what.is !== 'hook' || !call.what.hook.startsWith('after')) return false;
  return isFunction(callback) ? call.callback === callback : call.call.arguments[0] === callback;
}
