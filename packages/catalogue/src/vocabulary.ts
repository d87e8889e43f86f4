/**
 * The words both detectors share: scope, resource kind, lifetime. The linter builds lifetimes from
 * source, the runtime from the run; neither decides by itself what is a hazard. Knows no detector.
 */

/** The scopes a fixture can live in, widest first. A hook belongs to the scope it serves. */
export const SCOPES = ['run', 'process', 'file', 'suite', 'test', 'subtest'] as const;
export type Scope = (typeof SCOPES)[number];

/** Whether `scope` ends before `other` does. */
export function isNarrower(scope: Scope, other: Scope): boolean {
  return SCOPES.indexOf(scope) > SCOPES.indexOf(other);
}

/** Whether a scope belongs to one test: it is entered anew for each. */
export function isPerTest(scope: Scope): boolean {
  return scope === 'test' || scope === 'subtest';
}

/** What a fixture is, as far as its lifetime is concerned. */
export const RESOURCE_KINDS = {
  /** Opens connections on demand and keeps them: `pg.Pool`, `mysql2.createPool`, a Knex instance. */
  pool: { noun: 'pool', releasesAsynchronously: true },
  /** One connection taken from a pool, which must be given back. */
  client: { noun: 'client', releasesAsynchronously: false },
  /** One connection of its own: `pg.Client`. */
  connection: { noun: 'connection', releasesAsynchronously: true },
  /** An in-process database handle: SQLite. */
  handle: { noun: 'database handle', releasesAsynchronously: false },
  /** Listens on a port. */
  server: { noun: 'server', releasesAsynchronously: true },
  /** An application object that owns other resources and is closed: a Fastify instance. */
  app: { noun: 'app', releasesAsynchronously: true },
  /** Keeps outgoing connections: an undici `Agent`, `Pool` or `Client`. */
  agent: { noun: 'agent', releasesAsynchronously: true },
  /** A thread beside the test's. */
  worker: { noun: 'worker', releasesAsynchronously: true },
  /** A process that the test starts. */
  process: { noun: 'child process', releasesAsynchronously: false },
  /** Watches files. */
  watcher: { noun: 'watcher', releasesAsynchronously: false },
  /** A browser that is driven. */
  browser: { noun: 'browser', releasesAsynchronously: true },
  /** A server with a machine or process of its own: Testcontainers, an embedded database server. */
  container: { noun: 'container', releasesAsynchronously: true },
  /** Something of an unknown library or of the project, which its user closes. */
  closable: { noun: 'resource', releasesAsynchronously: true },
  /** undici's process-wide dispatcher, replaced by `setGlobalDispatcher`. */
  dispatcher: { noun: 'global dispatcher', releasesAsynchronously: false },
  /** A variable of `process.env`. */
  environment: { noun: 'environment variable', releasesAsynchronously: false },
  /** `process.cwd()`. */
  'working-directory': { noun: 'working directory', releasesAsynchronously: false },
  /** A property of the global object, or a member of a global, of a module of Node's, of a prototype. */
  global: { noun: 'global', releasesAsynchronously: false },
  /** A member of what another module exports, replaced by a test. */
  override: { noun: 'override', releasesAsynchronously: false },
  /** A member of an object, replaced by the `mock` that a file imports from `node:test`. */
  mock: { noun: 'mock', releasesAsynchronously: false },
  /** The timers and the clock, replaced by `mock.timers.enable()`. */
  'mock-timers': { noun: 'mocked timers', releasesAsynchronously: false },
} as const satisfies Record<string, { noun: string; releasesAsynchronously: boolean }>;
export type ResourceKind = keyof typeof RESOURCE_KINDS;

/**
 * How a resource is given back.
 * - `unseen`: the value escapes, somebody else may release it; no hazard may be concluded.
 * - `absent`: never.
 * - `inline`: by a statement that an earlier throw skips, so not on every path.
 * - `registered`: on every path of `scope` (a hook, `finally`, `using`).
 */
export type Release =
  | { readonly is: 'unseen' }
  | { readonly is: 'absent' }
  | { readonly is: 'inline' }
  | {
      readonly is: 'registered';
      readonly scope: Scope;
      /** False when the release answers a promise that nobody waits for. */
      readonly awaited: boolean;
      /** True when it runs before the release of something that still needs the resource. */
      readonly beforeDependents: boolean;
      /** True when something between the acquisition and the registration may fail. Only source shows that. */
      readonly late?: boolean;
    };

/** One fixture from its acquisition to its release. */
export interface Lifetime {
  readonly kind: ResourceKind;
  readonly acquired: Scope;
  readonly release: Release;
  /** True when it was used after its scope had ended. Only a run can show that. */
  readonly usedAfterEnd?: boolean;
}
