/** A chain of calls on one thing, `db.select().from(users)`: where does it end, and is it waited for in place? */
import { bare, isCall, outer, type Node } from './ast.ts';

/** The last call of the chain that begins with this identifier; undefined when nothing is called. */
export function chainFrom(identifier: Node): Node | undefined {
  const { parent } = outer(identifier);
  const isCallee = isCall(parent) && bare(parent.callee) === identifier;
  const isTag = parent?.type === 'TaggedTemplateExpression' && bare(parent.tag) === identifier;
  let last = isCallee || isTag ? parent : memberCallOn(identifier);
  for (let next = last; next; next = memberCallOn(next)) last = next;
  return last;
}

/** `db.select()`, and `db.query.users.findMany()`: the call behind one name or several. */
function memberCallOn(node: Node): Node | undefined {
  let at = outer(node);
  while (at.parent?.type === 'MemberExpression' && at.parent.object === at) at = outer(at.parent);
  return at !== outer(node) && isCall(at.parent) && bare(at.parent.callee) === bare(at)
    ? at.parent
    : undefined;
}

/** Whether a call is awaited or returned where it stands, by itself or in a list of promises. */
export function isAwaitedInPlace(call: Node): boolean {
  const at = outer(call);
  const { parent } = at;
  switch (parent?.type) {
    case 'AwaitExpression':
    case 'ReturnStatement':
      return true;
    case 'ArrowFunctionExpression':
      return parent.body === at;
    case 'ArrayExpression': {
      const list = outer(parent).parent;
      return isCall(list) && isAwaitedInPlace(list);
    }
    default:
      return false;
  }
}
