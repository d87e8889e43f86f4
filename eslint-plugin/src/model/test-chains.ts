/**
 * What one test hands on to a later one, so that the later cannot run without it: a variable that it
 * fills, or a member of an object that the tests share.
 */
import { bare, isInside, nameOf, outer, propertyOf, type FunctionNode, type Node } from './ast.ts';
import type { FileModel } from './file-model.ts';
import { isNothing, type Variable } from './variables.ts';

export interface TestChain {
  readonly node: Node;
  readonly name: string;
  /** Where the later test reads it. */
  readonly read: Node;
}

/** What can be filled: `token`, or `auth.headers` of `const auth = {}`. */
interface Slot {
  readonly name: string;
  readonly reads: readonly Node[];
  readonly writes: readonly { readonly node: Node; readonly value: Node | undefined }[];
}

export function* testChains(file: FileModel): Iterable<TestChain> {
  const seen = new Set<Node | undefined>();
  for (const { left, right, operator } of file.tree.assignments) {
    const test = operator === '=' ? testOf(file, left) : undefined;
    if (!test || isEmpty(file, right)) continue;
    const slot = slotOf(file, bare(left));
    const first = slot?.writes[0]?.node;
    if (!slot || seen.has(first) || !isFilledByTestsAlone(file, slot)) continue;
    const read = readByLaterTest(file, slot, test);
    if (!read) continue;
    seen.add(first);
    yield { node: left.parent, name: slot.name, read };
  }
}

/** The body of the test, not of a subtest, in which a node stands. */
function testOf({ frames }: FileModel, node: Node): FunctionNode | undefined {
  const frame = frames.frameOf(node);
  return frame.is === 'test' && frames.scopeOf(frame) === 'test' ? frame.fn : undefined;
}

function slotOf(file: FileModel, target: Node): Slot | undefined {
  if (target.type !== 'MemberExpression') {
    const variable = file.variables.of(target);
    return variable && variableSlot(file, variable);
  }
  const [owner, name] = [file.variables.of(bare(target.object)), nameOf(target)];
  return owner && name !== undefined ? memberSlot(file, owner, name) : undefined;
}

/** Declared at the top of the file or a suite, without a value. */
function variableSlot(file: FileModel, variable: Variable): Slot | undefined {
  const declared = declarationOf(file, variable);
  if (!declared || (declared.init && !isUnset(file, declared.init))) return undefined;
  const references = file.variables.references(variable);
  return {
    name: variable.name,
    reads: references.filter((each) => each.isRead()).map(({ identifier }) => identifier),
    writes: references
      .filter((each) => each.isWrite() && each.identifier !== variable.identifiers[0])
      .map(({ identifier, writeExpr }) => ({ node: identifier, value: writeExpr ?? undefined })),
  };
}

/** Of an object that is declared there without this member, and is asked for nothing but its members. */
function memberSlot(file: FileModel, owner: Variable, name: string): Slot | undefined {
  const init = declarationOf(file, owner)?.init;
  const object = init && bare(init);
  if (object?.type !== 'ObjectExpression' || object.properties.some(isSpread)) return undefined;
  const first = propertyOf(object, name)?.value;
  if (first && !isEmpty(file, first)) return undefined;
  const reads: Node[] = [];
  const writes: Slot['writes'][number][] = [];
  for (const { identifier } of file.variables.references(owner)) {
    if (identifier === owner.identifiers[0]) continue;
    const { parent: member } = outer(identifier);
    const asked = member?.type === 'MemberExpression' ? nameOf(member) : undefined;
    if (!member || asked === undefined) return undefined;
    if (asked !== name) continue;
    const { parent } = outer(member);
    if (parent?.type === 'AssignmentExpression' && bare(parent.left) === member) {
      writes.push({ node: member, value: parent.right });
    } else reads.push(member);
  }
  return { name: `${owner.name}.${name}`, reads, writes };
}

/** At the top of the file or of a suite. */
function declarationOf(
  { frames }: FileModel,
  variable: Variable,
): { init: Node | null } | undefined {
  const [definition, ...others] = variable.defs;
  if (definition?.type !== 'Variable' || others.length > 0) return undefined;
  const frame = frames.frameOf(definition.name);
  return frame.is === 'file' || frame.is === 'suite' ? definition.node : undefined;
}

function isUnset({ variables }: FileModel, value: Node): boolean {
  const given = bare(value);
  return isNothing(variables, given) || (given.type === 'Literal' && given.value === '');
}

function isEmpty(file: FileModel, value: Node): boolean {
  const given = bare(value);
  switch (given.type) {
    case 'ObjectExpression':
      return given.properties.length === 0;
    case 'ArrayExpression':
      return given.elements.length === 0;
    default:
      return isUnset(file, given);
  }
}

/** No hook, helper or callback of another kind gives it a value. */
function isFilledByTestsAlone(file: FileModel, { writes }: Slot): boolean {
  return writes.every(
    ({ node, value }) =>
      (value && file.variables.isGlobal(bare(value), 'undefined')) ||
      testOf(file, node) !== undefined,
  );
}

/** In a test behind it that reads the slot and does not fill it itself. */
function readByLaterTest(
  file: FileModel,
  { reads, writes }: Slot,
  by: FunctionNode,
): Node | undefined {
  return reads.find((read) => {
    const test = testOf(file, read);
    if (!test || test.range[0] < by.range[1]) return false;
    return !writes.some(({ node }) => isInside(node, test));
  });
}

function isSpread({ type }: Node): boolean {
  return type === 'SpreadElement';
}
