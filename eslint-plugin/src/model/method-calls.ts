/** The calls of methods in a file, by the method's name: most questions about SQL begin with a few names. */
import type { TSESTree } from '@typescript-eslint/utils';
import { bare, type Call } from './ast.ts';
import type { Reading } from './reading.ts';

export interface MethodCall {
  readonly call: Call;
  readonly callee: TSESTree.MemberExpression;
  readonly method: string;
}

/** By name, and those of one name in the order of the text. */
export function methodCalls({ tree }: Reading, ...names: readonly string[]): MethodCall[] {
  return names.flatMap((method) =>
    tree.callsNamed(method).flatMap((call) => {
      const callee = bare(call.callee);
      return callee.type === 'MemberExpression' ? [{ call, callee, method }] : [];
    }),
  );
}
