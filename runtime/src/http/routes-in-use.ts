/**
 * Notices routes and middleware that are added to a Hono app in use: Hono refuses them after the
 * first request, and before it middleware silently misses the routes that already stand. Reads a
 * Hono app's `router` and nothing else of Hono.
 */
import { HazardError } from '../hazard-error.ts';
import { captureTrace, formatPlace, type Trace } from '../trace.ts';

/** What savepoint reads of a Hono app. Hono's apps of one `basePath` chain share their router. */
export interface RoutedApp {
  readonly router: Router;
}

interface Router {
  add: (method: string, path: string, handler: unknown) => void;
  match: (method: string, path: string) => unknown;
}

/** Something that uses the routes: a phrase for the message, and where it happened. */
export interface RouteUse {
  readonly what: string;
  readonly trace: Trace;
}

const MATCHER_IS_BUILT = 'Can not add a route since the matcher is already built.';
const watched = new WeakMap<Router, RoutesInUse>();

/** Whether an app is one of Hono's, whichever copy of Hono made it. */
export function isRoutedApp(app: object): app is RoutedApp {
  const { router } = app as Partial<RoutedApp>;
  return typeof router?.add === 'function' && typeof router.match === 'function';
}

/** The watch over an app's routes; one for all its clients. */
export function routesInUse(app: RoutedApp): RoutesInUse {
  let routes = watched.get(app.router);
  if (!routes) {
    routes = new RoutesInUse(app.router);
    watched.set(app.router, routes);
  }
  return routes;
}

export class RoutesInUse {
  readonly #router: Router;
  readonly #clients = new Set<RouteUse>();
  #firstRequest: RouteUse | undefined;
  #restore: () => void;

  constructor(router: Router) {
    this.#router = router;
    this.#restore = this.#install();
  }

  /** Notes a client of a running test. @returns ends it */
  enter(client: RouteUse): () => void {
    this.#clients.add(client);
    return () => {
      this.#clients.delete(client);
      // Once Hono has built its matcher it refuses routes for good, so the watch stays, to say why.
      if (this.#clients.size > 0 || this.#firstRequest) return;
      watched.delete(this.#router);
      this.#restore();
    };
  }

  noteRequest(request: RouteUse): void {
    this.#firstRequest ??= request;
  }

  #install(): () => void {
    const router = this.#router;
    const own = Object.getOwnPropertyDescriptor(router, 'add');
    const add = router.add.bind(router);
    router.add = (method, path, handler) => {
      this.#assertMayAdd(`${method} ${path}`, () => {
        add(method, path, handler);
      });
    };
    return () => {
      if (own) Object.defineProperty(router, 'add', own);
      else Reflect.deleteProperty(router, 'add');
    };
  }

  /** @throws HazardError `no-late-route` when a running test uses the app, or Hono refuses the route */
  #assertMayAdd(route: string, add: () => void): void {
    const [client] = this.#clients;
    let cause: unknown;
    if (this.#firstRequest || !client) {
      try {
        add();
        if (!client) return;
      } catch (error) {
        if (!(error instanceof Error) || error.message !== MATCHER_IS_BUILT) throw error;
        cause = error;
      }
    }
    const before = this.#firstRequest ?? client;
    const where = before?.trace.place ? ` (${formatPlace(before.trace.place)})` : '';
    throw new HazardError('no-late-route', {
      happened: `The route or middleware "${route}" was added after ${before?.what ?? 'the first request of the app'}${where}.`,
      acquired: before?.trace,
      used: captureTrace(),
      cause,
    });
  }
}
