/**
 * What a test gives in place of the world outside: a fake, a mock, a stream in memory, a `spawn` of
 * its own. Whatever is made of it alone holds nothing of the process. Does not ask who is given it.
 */
import { bare, calledName, isCall, isFunction, nameOf, type Node } from './ast.ts';
import type { OriginOf } from './origins.ts';
import type { Variables } from './variables.ts';

/** `fakeChildProcess()`, `mockSource`, `new StubTransport()`; who writes a log only is no peer. */
const STAND_IN = /^(?:fake|mock|stub|dummy)(?!\w*(?:log|console|clock|timer|env|config|option))/i;

/** `{ spawn: () => child }`: the process that it would start is the test's. */
const STARTS = 'spawn';

/** Streams of `node:stream` that lead nowhere but to the test. */
const IN_MEMORY_STREAMS = new Set(['PassThrough', 'Readable', 'Writable', 'Duplex', 'Transform']);

export function readStandIns(variables: Variables, originOf: OriginOf): (node: Node) => boolean {
  return function isStandIn(argument): boolean {
    const node = bare(argument);
    if (node.type === 'ObjectExpression') {
      return node.properties.some(
        (property) =>
          property.type === 'Property' &&
          (isFunction(bare(property.value))
            ? nameOf(property) === STARTS
            : isStandIn(property.value)),
      );
    }
    if (node.type === 'Identifier' && STAND_IN.test(node.name)) return true;
    return isMadeUp(node) || isMadeUp(variables.constantOf(node));
  };

  function isMadeUp(node: Node | undefined): boolean {
    if (!isCall(node)) return false;
    return STAND_IN.test(calledName(node) ?? '') || isStreamInMemory(node);
  }

  function isStreamInMemory({ callee }: { readonly callee: Node }): boolean {
    const origin = originOf(callee);
    return (
      origin?.from === 'module' &&
      origin.module === 'stream' &&
      IN_MEMORY_STREAMS.has(origin.path.at(-1) ?? '')
    );
  }
}
