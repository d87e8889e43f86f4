/** Where asynchronous context does not arrive: entered by a hook, read in a callback of a driver. */
import { bare, enclosingFunction, isFunction, nameOf, type Call, type Node } from './ast.ts';
import type { FileModel } from './file-model.ts';
import { within } from './tree.ts';

export interface LostContext {
  readonly node: Node;
  readonly is: 'entered' | 'read';
  /** The hook, or the call that takes the callback. */
  readonly by: string;
}

export function* lostContexts(file: FileModel): Iterable<LostContext> {
  const { tree, source } = file;
  for (const call of tree.callsNamed('enterWith')) {
    const hook = hookEndedBy(file, call);
    if (hook !== undefined) yield { node: call, is: 'entered', by: hook };
  }
  if (!source.text.includes('getStore')) return;
  for (const call of tree.callsNamed('query', 'connect')) {
    const callback = call.arguments.at(-1);
    if (!callback || !isFunction(callback) || !isOfDriver(file, call)) continue;
    for (const read of within(tree.callsNamed('getStore'), callback.body)) {
      yield { node: read, is: 'read', by: `${source.getText(bare(call.callee))}()` };
    }
  }
}

/** The hook that enters a store and does no more: what it enters is meant for the tests. */
function hookEndedBy({ frames, tree }: FileModel, call: Call): string | undefined {
  const frame = frames.frameOf(call);
  if (frame.is !== 'hook' || frame.hook.startsWith('after')) return undefined;
  if (enclosingFunction(call) !== frame.fn) return undefined;
  for (const { range } of within(tree.calls, frame.fn)) {
    if (range[0] >= call.range[1]) return undefined;
  }
  return frame.hook;
}

const DRIVERS = new Set(['pool', 'client', 'connection']);

function isOfDriver({ acquisitions }: FileModel, call: Call): boolean {
  const callee = bare(call.callee);
  if (callee.type !== 'MemberExpression' || nameOf(callee) === undefined) return false;
  return DRIVERS.has(acquisitions.resourceOf(callee.object)?.kind ?? '');
}
