/** What the app does wrong with a pool and its clients, as hazards. Words only. */
import { HazardError } from '../hazard-error.ts';
import { formatPlace, type Trace } from '../trace.ts';
import type { AppTransaction } from './app-transaction.ts';
import { isInside, mayGoOn, type Begun, type Inside } from './inside-transaction.ts';
import type { Ownership } from './refusals.ts';

/** What is known of a statement that has to wait. */
export interface Waiting {
  readonly asked: () => Trace;
  /** The transactions whose code asks it. */
  readonly inside: Inside | undefined;
  /** The transactions whose code took the client it is asked of. */
  readonly takenInside: Inside | undefined;
}

/**
 * The error of a statement that waits for the transaction of the very code that asks it, so that
 * nobody will ever end it; undefined when somebody else may, or that code itself.
 * @param atLast whether what that code began has had its time
 */
export function waitsForItself(
  home: Ownership,
  holder: AppTransaction | undefined,
  waiting: Waiting,
  atLast: boolean,
): HazardError | undefined {
  if (!holder || !isInside(waiting.inside, holder.begun)) return undefined;
  if (!atLast && mayGoOn(holder.begun, 'soon')) return undefined;
  return isInside(waiting.takenInside, holder.begun)
    ? nestedCheckout(home, holder.begun, waiting.asked)
    : twoClients(home, holder.begun, waiting.asked);
}

/** Code inside its own transaction asked the pool. */
export function nestedCheckout(
  { owner }: Ownership,
  begun: Begun,
  asked: () => Trace,
): HazardError {
  const acquired = begun();
  return new HazardError('no-nested-checkout', {
    values: { test: owner, begun: placeOf(acquired) },
    acquired,
    used: asked(),
  });
}

/** Two clients on purpose: the second one waits for the transaction of the first. */
function twoClients({ owner }: Ownership, begun: Begun, asked: () => Trace): HazardError {
  const acquired = begun();
  return new HazardError('no-sandboxed-concurrency-test', {
    happened: `${owner} asked a second client while its first was in the transaction that began at ${placeOf(acquired)}. In a sandbox they share one connection, and the second would wait for ever. Nothing was sent.`,
    acquired,
    used: asked(),
  });
}

/**
 * @param begun where the transaction began that is still open
 * @param taken where the client was checked out
 */
export function dirtyRelease(begun: Begun, taken: () => Trace, released: () => Trace): HazardError {
  return new HazardError('no-dirty-release', {
    values: { begun: placeOf(begun()) },
    acquired: taken(),
    used: released(),
  });
}

/** @param first where the statement was asked that is not answered yet */
export function concurrentQueries(
  { owner }: Ownership,
  first: () => Trace,
  second: () => Trace,
): HazardError {
  return new HazardError('no-concurrent-client-queries', {
    values: { test: owner },
    acquired: first(),
    used: second(),
  });
}

export function poolQueryTransaction({ owner }: Ownership, asked: () => Trace): HazardError {
  return new HazardError('no-pool-query-transaction', { values: { test: owner }, used: asked() });
}

export function releasedTwice(
  { owner }: Ownership,
  first: () => Trace,
  second: () => Trace,
): HazardError {
  return new HazardError('no-client-misuse', {
    values: { test: owner, misused: 'released a client that it had released before.' },
    acquired: first(),
    used: second(),
  });
}

/** @param method what only the pool may call on its clients */
export function poolsOwnMethod(
  { owner }: Ownership,
  method: 'connect' | 'end',
  taken: (() => Trace) | undefined,
  called: () => Trace,
): HazardError {
  return new HazardError('no-client-misuse', {
    values: { test: owner, misused: `called ${method}() on a client of its pool.` },
    acquired: taken?.(),
    used: called(),
  });
}

/** @param happened what the app did although a statement had failed */
export function wentOn(
  { owner }: Ownership,
  { failedAt, firstError }: Pick<AppTransaction, 'failedAt' | 'firstError'>,
  asked: () => Trace,
): HazardError {
  return new HazardError('no-swallowed-sql-error', {
    values: { test: owner, error: firstError?.message ?? 'an error' },
    acquired: failedAt?.(),
    used: asked(),
    cause: firstError,
  });
}

function placeOf({ place, frames }: Trace): string {
  return place ? formatPlace(place) : (frames[0] ?? 'a place unknown');
}
