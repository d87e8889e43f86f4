/** Puts the hooks of one list in order: what others still need is released after them. */
import type { Edit } from '../define-rule.ts';
import { statementOf, type Node } from '../model/ast.ts';
import type { FileModel } from '../model/file-model.ts';
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
