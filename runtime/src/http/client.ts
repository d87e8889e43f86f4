/** `client`: an app's own handlers called in process, for the length of one test. Knows no framework. */
import type { TestContext } from 'node:test';
import { HazardError } from '../hazard-error.ts';
import { SetupError } from '../setup-error.ts';
import { identityOf, sayTest } from '../test-family.ts';
import { scopeOf, type TestScope } from '../test-scope.ts';
import { captureTrace, type Trace } from '../trace.ts';
import { isRoutedApp, routesInUse, type RoutesInUse } from './routes-in-use.ts';
import {
  BASE_URL,
  typedClient,
  type Bindings,
  type Client,
  type ExecutionContext,
  type FetchApp,
  type Send,
} from './typed-client.ts';
import { UnfinishedWork } from './unfinished-work.ts';

export interface ClientOptions<App extends FetchApp> {
  /** The bindings: `c.env` of a Hono handler, the second argument of `fetch`. Absent: an empty object. */
  readonly env?: Bindings<App>;
  /** How many milliseconds requests and `waitUntil` work may go on after the test. Absent: 5000. */
  readonly deadline?: number;
}

const DEFAULT_DEADLINE = 5_000;

/**
 * A client of the app: no port, no socket, and handlers run in the asynchronous context of the test.
 *
 * When the test ends, the client waits for requests still running and for the work that handlers
 * gave to `waitUntil`, before anything is released that the test acquired earlier; from then on it
 * refuses every request.
 *
 * @param t the context of the test
 * @param app a Hono app, or any `{ fetch(request, env, context) }`
 * @returns the client of `hc<typeof app>` for a Hono app; for any app, `$fetch(pathOrRequest, init)`
 * @throws HazardError `no-late-activity` when the test has ended (a request: rejects with it), or
 *   when work is still running at the deadline after it; `no-late-route`, thrown by `app.get`,
 *   `app.use`, …, when the app gets a route while a client uses it, or after its first request
 * @throws Error `ERR_SAVEPOINT_WAIT_UNTIL` fails the test when `waitUntil` work failed; its cause is the app's error
 * @throws SetupError `ERR_SAVEPOINT_APP` when `app` has no `fetch`
 */
export function client<App extends FetchApp>(
  t: TestContext,
  app: App,
  options: ClientOptions<App> = {},
): Client<App> {
  const scope = scopeOf(t);
  const made = captureTrace();
  assertApp(app);
  if (scope.ended) throw late('a client was asked for', scope, scope.opened, made);
  const session = new Session(t, scope, made, app, options.env);
  scope.defer(() => session.close(options.deadline ?? DEFAULT_DEADLINE));
  const ways = isRoutedApp(app) ? typedClient(session.send) : { $fetch: session.send };
  return ways as Client<App>;
}

/** One client between its making and the end of its test. */
class Session {
  readonly #scope: TestScope;
  readonly #made: Trace;
  readonly #app: FetchApp;
  readonly #env: unknown;
  readonly #work = new UnfinishedWork();
  readonly #routes: RoutesInUse | undefined;
  readonly #leaveRoutes: (() => void) | undefined;
  readonly #signal: AbortSignal;
  #closed = false;
  #settled = false;

  constructor(t: TestContext, scope: TestScope, made: Trace, app: FetchApp, env: unknown) {
    this.#signal = t.signal;
    this.#scope = scope;
    this.#made = made;
    this.#app = app;
    this.#env = env ?? {};
    this.#routes = isRoutedApp(app) ? routesInUse(app) : undefined;
    this.#leaveRoutes = this.#routes?.enter({
      what: `${sayTest(scope.name)} made a client from the app`,
      trace: made,
    });
  }

  readonly send: Send = async (input, init) => {
    const began = captureTrace();
    const request = new Request(input instanceof Request ? input : new URL(input, BASE_URL), init);
    const what = `${request.method} ${new URL(request.url).pathname}`;
    if (this.#closed || this.#signal.aborted)
      throw late(`the request ${what} came`, this.#scope, this.#made, began);
    this.#routes?.noteRequest({
      what: `the app's first request, ${what} in ${sayTest(this.#scope.name)}`,
      trace: began,
    });
    const response = this.#answer(request, this.#contextOf(what, began));
    this.#work.trackRequest(response, { what: `the request ${what}`, began });
    return response;
  };

  async #answer(request: Request, context: ExecutionContext): Promise<Response> {
    return this.#app.fetch(request, this.#env as never, context);
  }

  #contextOf(request: string, began: Trace): ExecutionContext {
    return {
      waitUntil: (work) => {
        if (this.#settled)
          throw late(`${request} gave work to \`waitUntil\``, this.#scope, began, captureTrace());
        this.#work.trackBackground(Promise.resolve(work), {
          what: `work handed to waitUntil by ${request}`,
          began,
        });
      },
      passThroughOnException: () => undefined,
      props: {},
    };
  }

  async close(deadline: number): Promise<void> {
    this.#closed = true;
    try {
      await this.#work.settle(this.#scope, deadline);
    } finally {
      this.#settled = true;
      this.#leaveRoutes?.();
    }
  }
}

function late(what: string, scope: TestScope, acquired: Trace, used: Trace): HazardError {
  return new HazardError('no-late-activity', {
    happened: `${what} after ${sayTest(scope.name)} had ended.`,
    acquired,
    used,
    test: identityOf(scope),
    remedy:
      'Await every request in the test, and stop what sends them (timers, queues) before it ends.',
  });
}

function assertApp(app: unknown): void {
  if (typeof (app as Partial<FetchApp> | null | undefined)?.fetch === 'function') return;
  throw new SetupError(
    'ERR_SAVEPOINT_APP',
    'client(t, app) needs an app with a `fetch` method: a Hono app, or { fetch(request, env, context) }',
  );
}
