/** The calls of methods in a file, by the method's name: most questions about SQL begin with a few names. */
import type { TSESTree } from '@typescript-eslint/utils';
import { bare, nameOf, type Call } from './ast.ts';
import type { FileModel } from './file-model.ts';
import { perFile } from './per-file.ts';

export interface MethodCall {
  readonly call: Call;
  readonly callee: TSESTree.MemberExpression;
  readonly method: string;
}

const methodCallsOf = perFile(({ tree }): ReadonlyMap<string, readonly MethodCall[]> => {
  const byMethod = new Map<string, MethodCall[]>();
  for (const call of tree.calls) {
    const callee = bare(call.callee);
    const method = callee.type === 'MemberExpression' ? nameOf(callee) : undefined;
    if (callee.type !== 'MemberExpression' || method === undefined) continue;
    const found = { call, callee, method };
    const known = byMethod.get(method);
    if (known) known.push(found);
    else byMethod.set(method, [found]);
  }
  return byMethod;
});

/** In the order of the text, where one name is asked for. */
export function methodCalls(file: FileModel, ...names: readonly string[]): readonly MethodCall[] {
  const byMethod = methodCallsOf(file);
  return names.flatMap((name) => byMethod.get(name) ?? []);
}
