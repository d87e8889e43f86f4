/**
 * An app's own pool, stood in for: what it is asked goes to whichever pool is chosen at that moment,
 * and its counts and events are those of the chosen one. The methods of its class are replaced, so
 * that subclasses stay what they are; a pool that nobody stands in for is itself. A stand-in stays
 * until the process ends, for work that outlives its test asks then, too.
 */
import type pg from 'pg';
import { markPlace, resumeAt } from './place-mark.ts';

/** Answers for one request to an app's pool. */
export interface StandIn {
  /**
   * The pool to ask instead, perhaps only when its turn has come; undefined for the app's own.
   * @throws what the app is to be told
   */
  choose(): pg.Pool | Promise<pg.Pool> | undefined;
  /** The pool whose counts are shown; undefined for the app's own. */
  shown(): pg.Pool | undefined;
  /** Called when the app ends its pool. @throws when it must not; else the pool is ended */
  end(): void;
}

type Method = (this: pg.Pool, ...args: unknown[]) => unknown;
type Name = 'connect' | 'query' | 'end';

const EVENTS = ['connect', 'acquire', 'release', 'remove'] as const;
const COUNTS = ['totalCount', 'idleCount', 'waitingCount', 'expiredCount'] as const;

const standIns = new WeakMap<pg.Pool, StandIn>();
const replaced = new WeakSet<object>();
let findFor: (pool: pg.Pool) => StandIn | undefined = () => undefined;

/** Puts a stand-in before a pool; a later one takes the place of an earlier one. */
export function standInFor(pool: pg.Pool, stand: StandIn): void {
  standIns.set(pool, stand);
  replaceMethods(basePrototypeOf(pool));
}

/** Has a stand-in found for every pool that has none when it is asked. */
export function standInForEvery(find: (pool: pg.Pool) => StandIn | undefined): void {
  findFor = find;
}

function standInOf(pool: pg.Pool): StandIn | undefined {
  const known = standIns.get(pool);
  if (known) return known;
  const found = findFor(pool);
  if (found) standIns.set(pool, found);
  return found;
}

/** Lets the pools of a class be stood in for. @param prototype of pg-pool's class, in whatever copy */
export function replaceMethods(prototype: object): void {
  if (replaced.has(prototype)) return;
  replaced.add(prototype);
  replace(prototype, 'connect', (stand) => stand.choose());
  replace(prototype, 'query', (stand) => stand.choose());
  replace(prototype, 'end', (stand) => {
    stand.end();
    return undefined;
  });
  for (const count of COUNTS) {
    const own = Object.getOwnPropertyDescriptor(prototype, count);
    Object.defineProperty(prototype, count, {
      configurable: true,
      get(this: pg.Pool) {
        return standInOf(this)?.shown()?.[count] ?? (own?.get?.call(this) as number | undefined);
      },
    });
  }
}

/** Lets the listeners of an app's pool hear what happens in the pool that stands in for it. */
export function forwardEvents(from: pg.Pool, to: pg.Pool): void {
  for (const event of EVENTS) {
    from.on(event, (...args: unknown[]) => {
      to.emit(event, ...args);
    });
  }
}

/** The class whose methods its subclasses call: pg's own pool is a subclass of pg-pool's. */
function basePrototypeOf(pool: pg.Pool): object {
  let base = Object.getPrototypeOf(pool) as object;
  for (
    let next = Object.getPrototypeOf(base) as object | null;
    next && 'connect' in next;
    next = Object.getPrototypeOf(base) as object | null
  ) {
    base = next;
  }
  return base;
}

function replace(
  prototype: object,
  name: Name,
  choose: (stand: StandIn) => pg.Pool | Promise<pg.Pool> | undefined,
): void {
  const original = (prototype as Record<Name, Method>)[name];
  const replacement = function (this: pg.Pool, ...args: unknown[]): unknown {
    const stand = standInOf(this);
    if (!stand) return original.apply(this, args);
    let chosen: pg.Pool | Promise<pg.Pool> | undefined;
    try {
      chosen = choose(stand);
    } catch (error) {
      return refuse(args, error as Error);
    }
    if (!chosen) return original.apply(this, args);
    return chosen instanceof Promise ? putOff(chosen, name, args) : ask(chosen, name, args);
  };
  Object.defineProperty(replacement, 'length', { value: original.length });
  Object.defineProperty(prototype, name, {
    configurable: true,
    writable: true,
    value: replacement,
  });
}

function ask(pool: pg.Pool, name: Name, args: unknown[]): unknown {
  return (pool[name] as unknown as Method).apply(pool, args);
}

/** Asks when the turn has come, in the context and from the place that asked first. */
function putOff(chosen: Promise<pg.Pool>, name: Name, args: unknown[]): unknown {
  const asked = markPlace();
  const callback = callbackOf(args);
  const answer = chosen.then((pool) => resumeAt(asked, () => ask(pool, name, args)));
  if (!callback) return answer;
  chosen.catch((error: unknown) => {
    callback(error as Error, undefined, () => undefined);
  });
  return undefined;
}

/** A refusal reaches the app the way its call hears errors. */
function refuse(args: unknown[], error: Error): unknown {
  const callback = callbackOf(args);
  if (!callback) return Promise.reject(error);
  process.nextTick(callback, error, undefined, () => undefined);
  return undefined;
}

type Callback = (error: Error, result: undefined, done: () => void) => void;

function callbackOf(args: unknown[]): Callback | undefined {
  const last = args.at(-1);
  return typeof last === 'function' ? (last as Callback) : undefined;
}
