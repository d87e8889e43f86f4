/** Pools of other files that this file ends with each test: whoever made them should. */
import type { Scope } from '@savepoint/catalogue';
import { bare, methodCallOn, type Call } from './ast.ts';
import type { FileModel } from './file-model.ts';
import type { Variable, Variables } from './variables.ts';

export interface ForeignEnd {
  readonly call: Call;
  readonly name: string;
  readonly scope: Scope;
}

/** Ended per test, imported from a file of the project, and queried or named as pools are. */
export function* foreignEnds({
  tree,
  frames,
  variables,
  originOf,
}: FileModel): Iterable<ForeignEnd> {
  for (const call of tree.callsNamed('end')) {
    const callee = bare(call.callee);
    if (callee.type !== 'MemberExpression') continue;
    const pool = bare(callee.object);
    if (pool.type !== 'Identifier' || call.arguments.length > 0) continue;
    const origin = originOf(pool);
    if (origin?.from !== 'module' || !/^[.#]/.test(origin.module)) continue;
    const variable = variables.of(pool);
    if (!variable || !looksLikePool(variable, variables)) continue;
    const frame = frames.frameOf(call);
    const isPerTest = frame.is === 'test' || (frame.is === 'hook' && frame.hook === 'afterEach');
    const scope = frames.scopeOf(frame);
    if (isPerTest && scope) yield { call, name: pool.name, scope };
  }
}

function looksLikePool(variable: Variable, variables: Variables): boolean {
  return (
    /pool/i.test(variable.name) ||
    variables
      .references(variable)
      .some(({ identifier }) => /^(query|connect)$/.test(methodCallOn(identifier)?.name ?? ''))
  );
}
