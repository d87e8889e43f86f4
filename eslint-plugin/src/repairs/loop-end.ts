/** Ends a loop with its test: it looks at the test's signal each time before it goes on. */
import type { Edit } from '../define-rule.ts';
import { bare, type Node } from '../model/ast.ts';
import type { FileModel } from '../model/file-model.ts';
import type { Loop } from '../model/tree.ts';
import { contextOf } from './context.ts';

export function endWithTest(file: FileModel, loop: Loop): Edit[] | undefined {
  const context = contextOf(file, file.frames.frameOf(loop), loop);
  if (!context) return undefined;
  const goesOn = `!${context.name}.signal.aborted`;
  return [...context.edits, condition(file, loop, goesOn)];
}

function condition({ source }: FileModel, loop: Loop, goesOn: string): Edit {
  const { test } = loop;
  if (!test) return { range: placeOfTest(source.text, loop), text: ` ${goesOn}` };
  const value = bare(test);
  if (value.type === 'Literal' && value.value === true) return { range: test.range, text: goesOn };
  const text = source.getText(test);
  return { range: test.range, text: `${goesOn} && ${bindsLooser(value) ? `(${text})` : text}` };
}

/** Behind the first semicolon of `for (;;)`. */
function placeOfTest(text: string, loop: Loop): [number, number] {
  const from = loop.type === 'ForStatement' && loop.init ? loop.init.range[1] : loop.range[0];
  const at = text.indexOf(';', from) + 1;
  return [at, at];
}

function bindsLooser(value: Node): boolean {
  if (value.type === 'LogicalExpression') return value.operator !== '&&';
  return /^(Conditional|Sequence|Assignment|ArrowFunction|Yield)Expression$/.test(value.type);
}
