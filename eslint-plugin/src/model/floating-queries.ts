/** Queries of known resources whose promise nobody waits for. */
import { bare, isFunction, outer, type Call } from './ast.ts';
import type { FileModel } from './file-model.ts';
import { isWaitedFor } from './placement.ts';

export interface FloatingQuery {
  readonly call: Call;
  /** The call as a message names it: `pool.query()`. */
  readonly text: string;
}

const ASKED = new Set(['pool', 'client', 'connection']);

export function* floatingQueries(file: FileModel): Iterable<FloatingQuery> {
  for (const call of file.tree.callsNamed('query')) {
    const callee = bare(call.callee);
    if (callee.type !== 'MemberExpression') continue;
    const resource = file.acquisitions.resourceOf(callee.object);
    if (!resource || !ASKED.has(resource.kind)) continue;
    if (takesCallback(file, call)) continue;
    if (outer(call).parent?.type === 'MemberExpression' || isWaitedFor(call)) continue;
    const frame = file.frames.frameOf(call);
    if (frame.is !== 'test' && frame.is !== 'hook') continue;
    yield { call, text: file.source.getText(callee) + '()' };
  }
}

/** A function, or what may be one: `done`. */
function takesCallback({ variables }: FileModel, call: Call): boolean {
  const last = call.arguments.at(-1);
  if (!last) return false;
  const value = bare(last);
  if (isFunction(value)) return true;
  const variable = variables.of(value);
  return (
    variable?.defs[0]?.type === 'Parameter' ||
    (variable !== undefined && variables.functionOf(variable) !== undefined)
  );
}
