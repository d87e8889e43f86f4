/** Puts the hooks of one list in order: what others still need is released after them. */
import type { Edit } from '../define-rule.ts';
import { statementOf, type Node } from '../model/ast.ts';
import type { FileModel } from '../model/file-model.ts';
import type { Fixture } from '../model/fixtures.ts';
import { statementOfHook } from './registration.ts';
import { endOf, indentOf, separatorAt, startOf } from './text.ts';

/** Moves the statement that registers the one release behind that of the other, comments included. */
export function moveBehind(file: FileModel, release: Node, dependent: Node): Edit[] | undefined {
  const hooks = [registrationOf(file, release), registrationOf(file, dependent)] as const;
  // Both in one hook: then its statements change places.
  const [moved, behind] =
    hooks[0] === hooks[1] ? [statementOf(release), statementOf(dependent)] : hooks;
  if (moved.parent !== behind.parent || moved.type !== 'ExpressionStatement') return undefined;
  const { text } = file.source;
  const isAlone = indentOf(file, moved) !== undefined;
  const [start, end] = isAlone ? [startOf(file, moved), endOf(file, moved)] : moved.range;
  const line = isAlone ? text.lastIndexOf('\n', start - 1) : start;
  const from = line < 0 ? start : text[line - 1] === '\r' ? line - 1 : line;
  const to = endOf(file, behind);
  return [
    { range: [from, end], text: '' },
    { range: [to, to], text: separatorAt(file, behind) + text.slice(start, end) },
  ];
}

/** The statement that registers the hook around a node; without one, its own. */
function registrationOf(file: FileModel, node: Node): Node {
  const frame = file.frames.frameOf(node);
  return (frame.is === 'hook' && statementOfHook(frame.call)) || statementOf(node);
}

/**
 * Moves the statement that registers a release right behind the one that acquires; undefined where it
 * says names of what stands between, or where hooks between would run in another order.
 */
export function registerEarlier(
  file: FileModel,
  { acquiredAt, releasedAt }: Fixture,
): Edit[] | undefined {
  const acquiring = statementOf(acquiredAt);
  const frame = releasedAt && file.frames.frameOf(releasedAt);
  const registering = frame?.is === 'hook' ? statementOfHook(frame.call) : undefined;
  if (!registering || acquiring.parent !== registering.parent) return undefined;
  const between: readonly [number, number] = [acquiring.range[1], registering.range[0]];
  if (registersBetween(file, between) || saysNamesOf(file, registering, between)) return undefined;
  if (indentOf(file, acquiring) === undefined || indentOf(file, registering) === undefined) {
    return undefined;
  }
  const [start, end] = [startOf(file, registering), endOf(file, registering)];
  const at = endOf(file, acquiring);
  return [
    { range: [at, at], text: separatorAt(file, acquiring) + file.source.text.slice(start, end) },
    removeLines(file, [start, end]),
  ];
}

function registersBetween({ tree }: FileModel, [start, end]: readonly [number, number]): boolean {
  return tree
    .callsNamed('after', 'afterEach', 'use')
    .some((call) => call.range[0] >= start && call.range[1] <= end);
}

/** Whether a node says a name that is declared within a range. */
function saysNamesOf(
  { variables }: FileModel,
  node: Node,
  [start, end]: readonly [number, number],
): boolean {
  return [...variables.referringIn(node)].some((identifier) => {
    const [declared] = variables.of(identifier)?.identifiers ?? [];
    return declared !== undefined && declared.range[0] >= start && declared.range[1] <= end;
  });
}

/** The lines of a range, and the blank lines in front of it. */
function removeLines(
  { source: { text } }: FileModel,
  [start, end]: readonly [number, number],
): Edit {
  let from = start;
  while (/\s/.test(text[from - 1] ?? '')) from--;
  return { range: [from, end], text: '' };
}
