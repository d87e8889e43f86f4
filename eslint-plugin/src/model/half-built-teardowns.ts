/**
 * Releases in a hook of a variable that a hook before it may have left undefined: node:test runs
 * `after` although `before` threw.
 */
import type { TSESTree } from '@typescript-eslint/utils';
import { bare, enclosingFunction, isInside, outer, statementOf, type Node } from './ast.ts';
import type { FileModel } from './file-model.ts';
import { within } from './tree.ts';
import type { Variable } from './variables.ts';

export interface HalfBuiltTeardown {
  readonly member: TSESTree.MemberExpression;
  readonly name: string;
  /** Where a hook gives the variable its value, after something that may have failed. */
  readonly setUp: Node;
}

const RELEASES = [
  ...['close', 'closeAllConnections', 'destroy', 'disconnect', '$disconnect', 'dispose', 'end'],
  ...['quit', 'release', 'shutdown', 'stop', 'terminate'],
];

export function* halfBuiltTeardowns(file: FileModel): Iterable<HalfBuiltTeardown> {
  for (const call of file.tree.callsNamed(...RELEASES)) {
    const member = bare(call.callee);
    if (member.type !== 'MemberExpression' || member.optional || call.type !== 'CallExpression') {
      continue;
    }
    const frame = file.frames.frameOf(call);
    if (frame.is !== 'hook' || !frame.hook.startsWith('after')) continue;
    const variable = file.variables.of(bare(member.object));
    // In a callback, `?.` may keep somebody waiting for ever.
    if (!variable || enclosingFunction(call) !== frame.fn) continue;
    const setUp = uncertainSetUp(file, variable);
    const by = setUp && enclosingFunction(setUp);
    // Registered by the very set-up, behind it: then it is set.
    if (!by || isInside(call, by)) continue;
    if (!isAsked(variable, call, frame.fn)) yield { member, name: variable.name, setUp };
  }
}

/** Given its value by hooks alone, and not as the first thing that they do. */
function uncertainSetUp(file: FileModel, variable: Variable): Node | undefined {
  const [definition] = variable.defs;
  if (definition?.type !== 'Variable' || definition.node.init) return undefined;
  const writes = file.variables.references(variable).filter((reference) => reference.isWrite());
  const inHooks = writes.every(({ identifier }) => {
    const frame = file.frames.frameOf(identifier);
    return frame.is === 'hook' && frame.hook.startsWith('before');
  });
  const uncertain = writes.find(({ identifier }) => mayFailBefore(file, identifier));
  return inHooks ? uncertain?.identifier : undefined;
}

/** Whether the function awaits something before it assigns, or in order to assign. */
function mayFailBefore({ tree }: FileModel, identifier: Node): boolean {
  const fn = enclosingFunction(identifier);
  const end = statementOf(identifier).range[1];
  if (!fn) return false;
  for (const call of within(tree.calls, fn.body)) {
    if (call.range[1] > end) continue;
    if (outer(call).parent?.type === 'AwaitExpression' && enclosingFunction(call) === fn)
      return true;
  }
  return false;
}

/** `if (pool) …`, `pool && …`, or a `try` around it. */
function isAsked(variable: Variable, call: Node, fn: Node): boolean {
  for (let at: Node | undefined = call; at && at !== fn; at = at.parent) {
    if (/^(If|Try|Switch)Statement$|^(Logical|Conditional)Expression$/.test(at.type)) return true;
  }
  return variable.references.some(
    ({ identifier }) => isInside(identifier, fn) && statementOf(identifier).type === 'IfStatement',
  );
}
