/** Loops that go on when their test has timed out: nothing in them looks at the test's signal. */
import { enclosingFunction, isInside, type FunctionNode } from './ast.ts';
import type { FileModel } from './file-model.ts';
import { optionOf } from './test-options.ts';
import type { Loop } from './tree.ts';

export function* zombieLoops(file: FileModel): Iterable<Loop> {
  for (const loop of file.tree.loops) {
    const fn = enclosingFunction(loop);
    const frame = fn && file.frames.frameOfFunction(fn);
    if (!fn || frame?.is !== 'test') continue;
    if (optionOf(frame.call, 'timeout').is !== 'set') continue;
    if (waits(file, loop) && isUncounted(loop) && !mayStop(file, fn, loop)) yield loop;
  }
}

function waits({ source }: FileModel, loop: Loop): boolean {
  return /\bawait\b/.test(source.getText(loop));
}

/** `while (…)`, `for (;;)`: a `for` with an update counts to its end. */
function isUncounted(loop: Loop): boolean {
  return loop.type !== 'ForStatement' || !loop.update;
}

/** What a loop looks at that ends by itself: a signal, a clock, a count. */
const ENDS_BY_ITSELF = /signal|abort|now\(|\b(deadline|timeout|attempt|retr|tries)|\+\+|--|[-+]=/i;

/** By itself, or because it is told of the test. */
function mayStop({ source, variables }: FileModel, fn: FunctionNode, loop: Loop): boolean {
  if (ENDS_BY_ITSELF.test(source.getText(loop))) return true;
  const [context] = fn.params;
  const variable = context && variables.of(context);
  return (
    variable !== undefined &&
    variables.references(variable).some(({ identifier }) => isInside(identifier, loop))
  );
}
