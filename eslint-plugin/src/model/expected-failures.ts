/** Is code expected to fail, because the test asserts that it does? */
import { bare, isCall, nameOf, type Call, type Node } from './ast.ts';
import type { FileModel } from './file-model.ts';

/** The `assert.rejects(…)` or `assert.throws(…)` that a node is in, within its test. */
export function expectedFailureOf(file: FileModel, node: Node): Call | undefined {
  for (let at = node.parent; at; at = at.parent) {
    if (isCall(at) && isFailureAssertion(file, at)) return at;
    if (isCall(at) && file.frames.testCallOf(at)) return undefined;
  }
  return undefined;
}

function isFailureAssertion({ originOf }: FileModel, call: Call): boolean {
  const callee = bare(call.callee);
  const name =
    callee.type === 'MemberExpression'
      ? nameOf(callee)
      : callee.type === 'Identifier'
        ? originOf(callee)?.path.at(-1)
        : undefined;
  return name === 'rejects' || name === 'throws';
}
