/** Variables that a suite fills for each of its tests, while its tests run at the same time. */
import { bare, type FunctionNode, type Node } from './ast.ts';
import type { FileModel } from './file-model.ts';
import { isSameFrame } from './nesting.ts';
import type { Frame } from './frames.ts';
import { runsTestsConcurrently } from './test-options.ts';
import type { Variable } from './variables.ts';

export interface SharedLet {
  readonly node: Node;
  readonly name: string;
  /** The suite, or the test with subtests, that says so or inherits it. */
  readonly suite: Node;
}

export function* sharedLets(file: FileModel): Iterable<SharedLet> {
  if (!file.source.text.includes('concurrency')) return;
  const seen = new Set<Variable>();
  for (const node of file.tree.assignments) {
    const target = bare(node.left);
    const variable = variableOf(file, target);
    if (!variable || node.operator !== '=' || seen.has(variable)) continue;
    const around = concurrentFrameAround(file, file.frames.frameOf(node));
    if (!around || !isDeclaredOutside(file, variable, node)) continue;
    if (!isMetByOthers(file, variable, file.frames.frameOf(node), around)) continue;
    seen.add(variable);
    yield { node, name: variable.name, suite: around.call.call };
  }
}

type Group = Extract<Frame, { is: 'suite' | 'test' }>;

function variableOf({ variables }: FileModel, node: Node): Variable | undefined {
  return node.type === 'Identifier' ? variables.of(node) : undefined;
}

/** What runs its tests at once, around a `beforeEach` or a test. */
function concurrentFrameAround({ frames }: FileModel, frame: Frame): Group | undefined {
  const fills = frame.is === 'test' || (frame.is === 'hook' && frame.hook === 'beforeEach');
  const around = fills ? frames.servedBy(frame.call) : undefined;
  if (around?.is !== 'suite' && around?.is !== 'test') return undefined;
  return runsTestsConcurrently(frames, around) ? around : undefined;
}

function isDeclaredOutside({ frames }: FileModel, variable: Variable, node: Node): boolean {
  const [definition] = variable.defs;
  return (
    definition?.type === 'Variable' &&
    !isSameFrame(frames.frameOf(definition.name), frames.frameOf(node))
  );
}

/**
 * A hook fills it anew for each of several tests, one of which reads it; or two tests that go on
 * later both fill it.
 */
function isMetByOthers(file: FileModel, variable: Variable, by: Frame, around: Group): boolean {
  const tests = testsIn(file, around);
  const references = file.variables.references(variable);
  const isIn = (fn: FunctionNode, { identifier }: (typeof references)[number]): boolean => {
    const frame = file.frames.frameOf(identifier);
    return frame.is === 'test' && frame.fn === fn;
  };
  if (by.is === 'hook') {
    return (
      tests.length > 1 &&
      tests.some((fn) => references.some((each) => each.isRead() && isIn(fn, each)))
    );
  }
  return (
    by.is === 'test' &&
    by.fn.async &&
    tests.some(
      (fn) =>
        fn !== by.fn && fn.async && references.some((each) => each.isWrite() && isIn(fn, each)),
    )
  );
}

/** The bodies of the tests within a suite, or of the subtests of a test. */
function testsIn({ testCalls, frames }: FileModel, around: Group): FunctionNode[] {
  return testCalls().flatMap((call) => {
    if (call.what.is !== 'test' || !call.callback) return [];
    return isServedWithin(frames.servedBy(call)) ? [call.callback] : [];
  });

  function isServedWithin(frame: Frame): boolean {
    if (isSameFrame(frame, around)) return true;
    return frame.is === 'suite' && isServedWithin(frames.servedBy(frame.call));
  }
}
