/** Does a statement surely run after another, in one function? Knows control flow, no values. */
import { bare, enclosingFunction, isInside, statementOf, type Node } from './ast.ts';

/**
 * Whether every path that goes on from `earlier` comes by the statement of `later`: both are in one
 * function, nothing jumps away between them, and `later` is in no branch of its own. Of loops nothing
 * is said.
 */
export function leadsTo(earlier: Node, later: Node): boolean {
  if (enclosingFunction(earlier) !== enclosingFunction(later)) return false;
  const last = statementOf(later);
  const block = last.parent;
  if (block?.type !== 'BlockStatement' && block?.type !== 'Program') return false;
  const { parent } = block;
  if (parent?.type === 'TryStatement' && parent.finalizer === block && !isInside(earlier, block)) {
    return isInside(earlier, parent) && !isInLoop(earlier, parent);
  }
  return earlier.range[1] <= last.range[0] && isInside(earlier, block) && goesOn(earlier, block);
}

/** Whether a statement is this expression and nothing else, awaited or not: no branch is in it. */
export function isStatement(expression: Node): boolean {
  const statement = statementOf(expression);
  if (statement.type !== 'ExpressionStatement') return false;
  const value = bare(statement.expression);
  return (
    value === expression ||
    (value.type === 'AwaitExpression' && bare(value.argument) === expression)
  );
}

const JUMP = /^(?:Return|Throw|Break|Continue)Statement$/;

/** Whether what follows the statement of a node in each block, up to the outer one, is reached. */
function goesOn(node: Node, outer: Node): boolean {
  let at = statementOf(node);
  if (JUMP.test(at.type)) return false;
  for (; at.parent && at.parent !== outer; at = at.parent) {
    if (at.parent.type === 'BlockStatement') {
      const [, end] = at.range;
      if (at.parent.body.some(({ type, range }) => range[0] >= end && JUMP.test(type)))
        return false;
    } else if (!/^(?:If|Try)Statement$|^CatchClause$/.test(at.parent.type)) return false;
  }
  return true;
}

function isInLoop(node: Node, outer: Node): boolean {
  for (let at = node.parent; at && at !== outer; at = at.parent) {
    if (/^(?:For|ForIn|ForOf|While|DoWhile)Statement$/.test(at.type)) return true;
  }
  return false;
}
