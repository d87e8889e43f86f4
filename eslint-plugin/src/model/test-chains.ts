/** Variables by which one test hands on to a later one, so that the later cannot run without it. */
import { bare, isInside, type FunctionNode, type Node } from './ast.ts';
import type { FileModel } from './file-model.ts';
import { isNothing, type Reference, type Variable } from './variables.ts';

export interface TestChain {
  readonly node: Node;
  readonly name: string;
  /** Where the later test reads it. */
  readonly read: Node;
}

export function* testChains(file: FileModel): Iterable<TestChain> {
  const seen = new Set<Variable>();
  for (const assignment of file.tree.assignments) {
    const target = bare(assignment.left);
    const variable = target.type === 'Identifier' ? file.variables.of(target) : undefined;
    if (!variable || seen.has(variable) || assignment.operator !== '=') continue;
    if (isNothing(file.variables, assignment.right) || !isEmptyAtFirst(file, variable)) continue;
    const test = testOf(file, assignment);
    if (!test || !isFilledByTestsAlone(file, variable)) continue;
    const read = readByLaterTest(file, variable, test);
    if (!read) continue;
    seen.add(variable);
    yield { node: assignment, name: variable.name, read };
  }
}

/** The body of the test, not of a subtest, in which a node stands. */
function testOf({ frames }: FileModel, node: Node): FunctionNode | undefined {
  const frame = frames.frameOf(node);
  return frame.is === 'test' && frames.scopeOf(frame) === 'test' ? frame.fn : undefined;
}

/** Declared at the top of the file or a suite, without a value. */
function isEmptyAtFirst(file: FileModel, variable: Variable): boolean {
  const [definition, ...others] = variable.defs;
  if (definition?.type !== 'Variable' || others.length > 0) return false;
  const { init } = definition.node;
  const frame = file.frames.frameOf(definition.name);
  return (
    (frame.is === 'file' || frame.is === 'suite') &&
    (!init || (bare(init).type === 'Literal' && /^(null|''|"")$/.test(file.source.getText(init))))
  );
}

/** No hook, helper or callback of another kind gives it a value. */
function isFilledByTestsAlone(file: FileModel, variable: Variable): boolean {
  return writesOf(file, variable).every(
    ({ identifier, writeExpr }) =>
      identifier === variable.identifiers[0] ||
      (writeExpr && file.variables.isGlobal(bare(writeExpr), 'undefined')) ||
      testOf(file, identifier) !== undefined,
  );
}

function writesOf({ variables }: FileModel, variable: Variable): Reference[] {
  return variables.references(variable).filter((reference) => reference.isWrite());
}

/** A test behind it that reads the variable and does not fill it itself. */
function readByLaterTest(file: FileModel, variable: Variable, by: FunctionNode): Node | undefined {
  const writes = writesOf(file, variable);
  return file.variables
    .references(variable)
    .filter((reference) => reference.isRead())
    .map(({ identifier }) => identifier)
    .find((identifier) => {
      const test = testOf(file, identifier);
      if (!test || test.range[0] < by.range[1]) return false;
      return !writes.some((write) => isInside(write.identifier, test));
    });
}
