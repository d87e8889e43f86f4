/** Turns hooks that run for each test into hooks that run once: `afterEach` into `after`. */
import type { Edit } from '../define-rule.ts';
import { bare, type FunctionNode, type Node } from '../model/ast.ts';
import type { FileModel } from '../model/file-model.ts';
import type { Fixture } from '../model/fixtures.ts';
import { isSameFrame } from '../model/nesting.ts';
import type { Frame, TestCall } from '../model/frames.ts';
import { exportNamed } from './imports.ts';
import { isUnused } from './names.ts';

type HookFrame = Extract<Frame, { is: 'hook' }>;

/** Releases a fixture in `after`, where `afterEach` of its own scope did nothing else. */
export function releaseOnce(file: FileModel, { frame, releasedAt }: Fixture): Edit[] | undefined {
  const hook = releasedAt && hookOfOne(file, releasedAt, 'afterEach');
  const home = frame.is === 'hook' ? file.frames.servedBy(frame.call) : frame;
  if (!hook || !isSameFrame(file.frames.servedBy(hook.call), home)) return undefined;
  return runOnce(file, hook.call);
}

/** Acquires in `before` what `beforeEach` acquired and `afterEach` released, where they did nothing else. */
export function acquireOnce(file: FileModel, fixture: Fixture): Edit[] | undefined {
  const { acquiredAt, releasedAt } = fixture;
  const before = hookOfOne(file, acquiredAt, 'beforeEach');
  const after = releasedAt && hookOfOne(file, releasedAt, 'afterEach');
  if (!before || !after) return undefined;
  const { frames } = file;
  if (!isSameFrame(frames.servedBy(before.call), frames.servedBy(after.call))) return undefined;
  const [opening, ending] = [runOnce(file, before.call), runOnce(file, after.call)];
  return opening && ending && [...opening, ...ending];
}

/** The hook around a node that has no other statement. */
function hookOfOne(file: FileModel, node: Node, kind: string): HookFrame | undefined {
  const frame = file.frames.frameOf(node);
  return frame.is === 'hook' && frame.hook === kind && hasOneStatement(frame.fn)
    ? frame
    : undefined;
}

function hasOneStatement({ body }: FunctionNode): boolean {
  return body.type !== 'BlockStatement' || body.body.length === 1;
}

function runOnce(file: FileModel, { what, call }: TestCall): Edit[] | undefined {
  if (what.is !== 'hook') return undefined;
  const name = what.hook.replace('Each', '');
  const callee = bare(call.callee);
  if (callee.type === 'MemberExpression') return [{ range: callee.property.range, text: name }];
  const renamed = renamedImport(file, callee, name);
  if (renamed) return [renamed, { range: callee.range, text: name }];
  const once = exportNamed(file, 'node:test', name, call);
  return once && [...once.edits, { range: callee.range, text: once.name }];
}

/** The import of a hook that nothing else calls becomes the import of the other. */
function renamedImport(file: FileModel, callee: Node, name: string): Edit | undefined {
  const variable = file.variables.of(callee);
  const member = variable?.identifiers[0]?.parent;
  if (!variable || !member || !isUnused(file, name, file.source.ast)) return undefined;
  const isShort =
    (member.type === 'ImportSpecifier' && file.source.getText(member) === variable.name) ||
    (member.type === 'Property' && member.shorthand);
  const reads = file.variables.references(variable).filter((reference) => reference.isRead());
  return isShort && reads.length === 1 ? { range: member.range, text: name } : undefined;
}
