/** `use`: any resource in the scope of a test. Knows no particular resource. */
import type { TestContext } from 'node:test';
import { sayTest } from './test-family.ts';
import { scopeOf, type TestScope } from './test-scope.ts';
import type { Trace } from './trace.ts';

type Releasable = Partial<Record<'end' | 'close' | 'destroy', () => unknown>> & {
  [Symbol.asyncDispose]?: () => PromiseLike<void>;
  [Symbol.dispose]?: () => void;
};

/**
 * Acquires a resource for one test and releases it when that test ends: once, awaited, last in
 * first out, and also when another release throws.
 *
 * @param t the context of the test
 * @param acquire makes the resource; may answer a promise
 * @param release gives it back; absent, the first of `Symbol.asyncDispose`, `Symbol.dispose`, `end`,
 *   `close` and `destroy` that the resource has
 * @throws TypeError when no release is given and the resource has none of these, or `t` is not the
 *   context of a running test. A release that throws fails the test; several make an `AggregateError`.
 */
export async function use<T>(
  t: TestContext,
  acquire: () => T | PromiseLike<T>,
  release?: (resource: T) => unknown,
): Promise<T> {
  const scope = runningScopeOf(t);
  const resource = await acquire();
  const free = release ? () => release(resource) : releaseOf(resource);
  if (!scope.ended) {
    scope.defer(free);
    return resource;
  }
  await free();
  throw endedMeanwhile(scope);
}

/** What is told when a test ended while something was acquired for it. */
export function endedMeanwhile({ name }: TestScope): TypeError {
  return new TypeError(
    `${sayTest(name)} ended while its resource was being acquired; it was released again`,
  );
}

/**
 * The scope of a test.
 * @param opened from where, when the caller knows it already
 * @throws TypeError when the test has ended, or `t` is not the context of one
 */
export function runningScopeOf(t: TestContext, opened?: Trace): TestScope {
  const scope = scopeOf(t, opened);
  if (!scope.ended) return scope;
  throw new TypeError(`${sayTest(scope.name)} has ended; nothing can be acquired in its scope`);
}

function releaseOf(resource: unknown): () => unknown {
  const candidate = Object(resource) as Releasable;
  const method =
    candidate[Symbol.asyncDispose] ??
    candidate[Symbol.dispose] ??
    candidate.end ??
    candidate.close ??
    candidate.destroy;
  if (typeof method !== 'function') {
    throw new TypeError(
      'use() found no way to release this resource; pass one: use(t, acquire, (resource) => …)',
    );
  }
  return () => method.call(candidate);
}
