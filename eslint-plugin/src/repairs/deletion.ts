/** Deletes a variable of the environment, where `undefined` would be stored as a text. */
import type { Edit } from '../define-rule.ts';
import { statementOf, type Node } from '../model/ast.ts';
import type { UndefinedRestore } from '../model/environment-restores.ts';
import type { FileModel } from '../model/file-model.ts';
import { written } from './text.ts';

/** Where a value was saved, it is asked whether there was one. */
export function deleteInstead(
  file: FileModel,
  { assignment, saved }: UndefinedRestore,
): Edit[] | undefined {
  const member = file.source.getText(assignment.left);
  const { parent } = assignment;
  const isExpression = parent.type === 'ArrowFunctionExpression';
  if (parent.type !== 'ExpressionStatement' && !isExpression) return undefined;
  if (saved === undefined) {
    // In parentheses an assignment may be what a function answers; a deletion needs none.
    return [
      { range: isExpression ? bodyOf(file, parent) : assignment.range, text: `delete ${member}` },
    ];
  }
  const lines = [`if (${saved} === undefined) delete ${member};`, `else ${member} = ${saved};`];
  if (!isExpression) return [{ range: parent.range, text: written(file, parent, lines) }];
  const block = ['{', ...lines.map((line) => `\t${line}`), '}'];
  return [{ range: bodyOf(file, parent), text: written(file, statementOf(parent), block) }];
}

/** The body of an arrow function with the parentheses around it. */
function bodyOf({ source: { text } }: FileModel, fn: Node): readonly [number, number] {
  const arrow = text.indexOf('=>', fn.range[0]) + 2;
  const blank = /^\s*/.exec(text.slice(arrow))?.[0].length ?? 0;
  return [arrow + blank, fn.range[1]];
}
