/** Mocks of npm's undici in files that ask Node's own `fetch`, which may not know of them. */
import { type Call } from './ast.ts';
import type { FileModel } from './file-model.ts';
import { isExport } from './origins.ts';

export interface SplitUndici {
  /** The call that installs the mock. */
  readonly install: Call;
  /** The first request that may pass it by. */
  readonly request: Call;
}

export function splitUndici({ tree, originOf, variables }: FileModel): SplitUndici | undefined {
  const install = tree
    .callsNamed('setGlobalDispatcher')
    .find(({ callee }) => isExport(originOf(callee), 'undici', 'setGlobalDispatcher'));
  if (!install) return undefined;
  const mocks = tree
    .callsNamed('MockAgent')
    .some(({ callee }) => isExport(originOf(callee), 'undici', 'MockAgent'));
  const request = tree.callsNamed('fetch').find(({ callee }) => {
    const origin = originOf(callee);
    return origin?.from === 'global' && origin.path.join('.') === 'fetch';
  });
  return mocks && request && !replacesFetch() ? { install, request } : undefined;

  /** `globalThis.fetch = fetch`, `install()` of undici: then the global one is npm's. */
  function replacesFetch(): boolean {
    return (
      tree
        .callsNamed('install')
        .some(({ callee }) => isExport(originOf(callee), 'undici', 'install')) ||
      tree.assignments.some(({ left }) => {
        const origin = originOf(left);
        return (
          (origin?.from === 'global' && origin.path.join('.') === 'fetch') ||
          variables.isGlobal(left, 'fetch')
        );
      })
    );
  }
}
