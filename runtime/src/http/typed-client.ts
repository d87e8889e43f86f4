/**
 * The type of an app's client and its making with Hono's `hc`. The only file that loads Hono, and
 * only for a Hono app: it is an optional peer.
 */
import { createRequire } from 'node:module';
import type { Hono } from 'hono';
import type { hc } from 'hono/client';
import { SetupError } from '../setup-error.ts';

/** What Hono and other fetch-style frameworks hand a handler besides the request and its bindings. */
export interface ExecutionContext {
  /** The test ends only after this work has; its failure fails the test. */
  waitUntil(work: Promise<unknown>): void;
  passThroughOnException(): void;
  props: Record<string, unknown>;
}

/** An app that answers requests: a Hono app, or any `{ fetch(request, env, context) }`. */
export interface FetchApp {
  fetch(request: Request, env: never, context: ExecutionContext): Response | PromiseLike<Response>;
}

// Hono's own constraint on the app of a client; its parameters cannot be written otherwise.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
type AnyHono = Hono<any, any, any>;

/** The bindings that the app's handlers see as `c.env`. */
export type Bindings<App extends FetchApp> =
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  App extends Hono<infer Env, any, any>
    ? Env extends { Bindings: infer B }
      ? B
      : Record<string, unknown>
    : Parameters<App['fetch']>[1];

/** Sends any request to the app, as `fetch` does; a path is enough for a URL. Follows no redirect. */
export type Send = (input: string | URL | Request, init?: RequestInit) => Promise<Response>;

/** The client of a Hono app is that of `hc<typeof app>`; every client has `$fetch` for requests without types. */
export type Client<App extends FetchApp> = (App extends AnyHono
  ? ReturnType<typeof hc<App>>
  : unknown) & {
  readonly $fetch: Send;
};

/** The host of every request that names none. */
export const BASE_URL = 'http://localhost';

const require = createRequire(import.meta.url);

/** Makes the client of a Hono app, typed by its routes. @throws SetupError `ERR_SAVEPOINT_MISSING_PEER` without the package `hono` */
export function typedClient(send: Send): object {
  const typed = loadHonoClient().hc(BASE_URL, { fetch: send });
  return new Proxy(typed, {
    get: (target, key, receiver): unknown =>
      key === '$fetch' ? send : Reflect.get(target, key, receiver),
  });
}

function loadHonoClient(): { hc: typeof hc } {
  try {
    return require('hono/client') as { hc: typeof hc };
  } catch (cause) {
    throw new SetupError(
      'ERR_SAVEPOINT_MISSING_PEER',
      'client(t, app) of a Hono app needs the package `hono`, and savepoint cannot find it: npm install hono',
      { cause },
    );
  }
}
