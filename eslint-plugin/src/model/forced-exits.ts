/** Where test code ends the process before the test runner has reported. */
import {
  bare,
  enclosingFunction,
  isCall,
  nameOf,
  outer,
  propertyOf,
  type Call,
  type FunctionNode,
  type Node,
} from './ast.ts';
import type { FileModel } from './file-model.ts';
import { isExport } from './origins.ts';

export interface ForcedExit {
  readonly node: Node;
  readonly by: 'test' | 'hook' | 'run';
}

export function* forcedExits(file: FileModel): Iterable<ForcedExit> {
  const exits = file.tree
    .callsNamed('exit')
    .filter((call) => isExport(file.originOf(call.callee), 'process', 'exit'));
  if (exits.length > 0 && !replacesExit(file)) {
    for (const call of exits) {
      const frame = file.frames.frameOf(call);
      if (frame.is !== 'test' && frame.is !== 'hook') continue;
      if (runsIn(file, call, frame.fn)) yield { node: call, by: frame.is };
    }
  }
  for (const call of file.tree.callsNamed('run')) {
    if (!isExport(file.originOf(call.callee), 'node:test', 'run')) continue;
    const option = propertyOf(call.arguments[0], 'forceExit');
    if (option && isTrue(option.value)) yield { node: option, by: 'run' };
  }
}

function isTrue(node: Node): boolean {
  const value = bare(node);
  return value.type === 'Literal' && value.value === true;
}

/** `process.exit = …`, `mock.method(process, 'exit', …)`: then it exits no longer. */
function replacesExit({ tree, originOf, source }: FileModel): boolean {
  return (
    tree.assignments.some(({ left }) => isExport(originOf(left), 'process', 'exit')) ||
    tree.calls.some(
      (call) =>
        call.arguments.length > 1 &&
        /^process\s*,\s*['"`]exit['"`]/.test(argumentsText(source, call)),
    )
  );
}

function argumentsText(source: FileModel['source'], call: Call): string {
  const [first, second] = call.arguments;
  return first && second ? source.text.slice(first.range[0], second.range[1]) : '';
}

const LATER = new Set(['setTimeout', 'setImmediate', 'queueMicrotask']);

/** Whether a node runs in the body of this function, or in a callback that is called a little later. */
function runsIn(file: FileModel, node: Node, body: FunctionNode): boolean {
  const fn = enclosingFunction(node);
  if (!fn || fn === body) return fn === body;
  const { parent } = outer(fn);
  if (!isCall(parent)) return false;
  const callee = bare(parent.callee);
  const isLater =
    callee.type === 'MemberExpression'
      ? /^(then|finally|close|end)$/.test(nameOf(callee) ?? '')
      : [...LATER].some((name) => file.variables.isGlobal(callee, name));
  return isLater && runsIn(file, parent, body);
}
