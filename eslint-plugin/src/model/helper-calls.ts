/**
 * Functions of other files that the hooks and tests of this one call, and the functions that those call
 * in turn. Which of them do anything of interest is for whoever asks to read.
 */
import { bare, isCall, type Call, type FunctionNode, type Node } from './ast.ts';
import type { FileModel } from './file-model.ts';
import type { Frame } from './frames.ts';
import type { ForeignFunction } from './project/project.ts';
import type { Reading } from './reading.ts';
import type { HookName } from './test-api.ts';
import { within } from './tree.ts';

export interface HelperCall {
  /** The call; of `beforeEach(resetDatabase)` the name. */
  readonly node: Node;
  readonly from: 'file' | 'suite' | 'test' | HookName;
  /** The function, and those that it calls. */
  readonly reached: readonly ForeignFunction[];
}

const MAX_DEPTH = 3;

/** Those whose names, and the names on the way, say that they may do it: most that are called do not. */
export function helperCalls(file: FileModel, may: RegExp): readonly HelperCall[] {
  const calls = file.tree.callsMatching(may).flatMap((call) => {
    const from = placeOf(file.frames.frameOf(call));
    return from ? helperCall(call, call, from) : [];
  });
  const given = file.testCalls().flatMap(
    ({
      what,
      call: {
        arguments: [first],
      },
    }) =>
      what.is === 'hook' && first?.type === 'Identifier' && may.test(first.name)
        ? helperCall(first, first, what.hook)
        : [],
  );
  return [...calls, ...given].sort((one, other) => one.node.range[0] - other.node.range[0]);

  function helperCall(node: Node, called: Node, from: HelperCall['from']): HelperCall[] {
    const reached = reachedBy(file, called, may, new Set());
    return reached.length > 0 ? [{ node, from, reached }] : [];
  }
}

function placeOf(frame: Frame): HelperCall['from'] | undefined {
  switch (frame.is) {
    case 'hook':
      return frame.hook;
    case 'helper':
      return undefined;
    case 'file':
    case 'suite':
    case 'test':
      return frame.is;
  }
}

/** The foreign function that a call, or a name, means, and what that one calls. */
function reachedBy(
  { project, originOf }: Reading,
  called: Node,
  may: RegExp,
  seen: Set<FunctionNode>,
): ForeignFunction[] {
  const callee = isCall(called) ? called.callee : called;
  const found = project.functionOf(originOf(bare(callee)));
  return found ? [...insideOf(found, may, seen)] : [];
}

function* insideOf(
  found: ForeignFunction,
  may: RegExp,
  seen: Set<FunctionNode>,
): Iterable<ForeignFunction> {
  const { reading, fn } = found;
  if (seen.has(fn) || seen.size >= MAX_DEPTH) return;
  seen.add(fn);
  yield found;
  for (const call of within(reading.tree.callsMatching(may), fn.body)) {
    yield* calledBy(reading, call, may, seen);
  }
}

function calledBy(
  reading: Reading,
  call: Call,
  may: RegExp,
  seen: Set<FunctionNode>,
): Iterable<ForeignFunction> {
  const own = reading.frames.calleeOf(call);
  return own ? insideOf({ reading, fn: own }, may, seen) : reachedBy(reading, call, may, seen);
}
