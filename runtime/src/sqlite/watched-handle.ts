/**
 * An app's own handle, watched: what the app does with it, also through statements it prepared long
 * ago, goes through the sandbox that is open. Own properties of the handle and the methods all
 * statements inherit are replaced by `install` and put back by `restore`.
 */
import { HazardError } from '../hazard-error.ts';
import { ambientTest, type AmbientTest } from '../test-scope.ts';
import { captureTrace } from '../trace.ts';
import {
  RUNNING,
  RawHandle,
  statementMethods,
  statementPrototype,
  type Handle,
  type Running,
  type Statement,
} from './driver.ts';
import { Lease } from './lease.ts';
import type { Sandbox } from './sandbox.ts';
import { openSandbox } from './turn.ts';

/** A test's sandbox on the handle. */
export interface Use {
  readonly lease: Lease;
  readonly access: Sandbox;
}

const watched = new WeakMap<Handle, WatchedHandle>();
let installed = 0;

/** The watch over a handle; one, however often it is asked for. */
export function watchHandle(handle: Handle): WatchedHandle {
  const watch = watched.get(handle) ?? new WatchedHandle(handle);
  watched.set(handle, watch);
  watch.install();
  return watch;
}

export class WatchedHandle {
  readonly raw: RawHandle;
  readonly #handle: Handle;
  readonly #uses: Use[] = [];
  #watchers = 0;
  #seed: Use | undefined;
  #misused: HazardError | undefined;

  constructor(handle: Handle) {
    this.#handle = handle;
    this.raw = new RawHandle(handle);
  }

  /** How many sandboxes are open, one inside the other. */
  get depth(): number {
    return this.#uses.length;
  }

  enter(use: Use): void {
    this.#uses.push(use);
  }

  /** @throws HazardError what the test did to the handle although it was refused */
  leave(use: Use): void {
    this.#uses.splice(this.#uses.indexOf(use), 1);
    const misused = this.#misused;
    this.#misused = undefined;
    if (misused) throw misused;
  }

  execute(statement: Statement, method: Running, args: unknown[]): unknown {
    const access = this.#access();
    return access
      ? access.execute(statement, method, args)
      : this.raw.methods[method].apply(statement, args);
  }

  install(): void {
    if (this.#watchers++ > 0) return;
    const handle = this.#handle;
    const replace = (name: keyof Handle, value: (...args: never[]) => unknown): void => {
      Object.defineProperty(handle, name, { value, writable: true, configurable: true });
    };
    replace('exec', (sql: string) => {
      const access = this.#access();
      if (access && typeof sql === 'string') access.exec(sql);
      else this.raw.exec(sql);
      return handle;
    });
    replace('prepare', (sql: string) => {
      const access = this.#access();
      return this.raw.prepare(access && typeof sql === 'string' ? access.prepare(sql) : sql);
    });
    replace('pragma', (...args: Parameters<Handle['pragma']>) =>
      (this.#access() ?? this.raw).pragma(...args),
    );
    replace('close', () => {
      this.#assertMayClose();
      this.raw.close();
      return handle;
    });
    if (installed++ === 0) installOnStatements(handle);
  }

  restore(): void {
    if (--this.#watchers > 0) return;
    const seed = this.#seed;
    this.#seed = undefined;
    if (seed) {
      this.#uses.splice(this.#uses.indexOf(seed), 1);
      seed.access.close();
    }
    for (const name of ['exec', 'prepare', 'pragma', 'close'] as const)
      Reflect.deleteProperty(this.#handle, name);
    if (--installed === 0) restoreStatements(this.#handle, this.raw);
  }

  #access(): Sandbox | undefined {
    const asker = ambientTest();
    const use = this.#uses.at(-1) ?? (asker?.hook === 'before' ? this.#openSeed() : undefined);
    assertNotLate(asker, use);
    use?.lease.assertUsable();
    return use?.access;
  }

  /** What `before` hooks write is in a sandbox around those of the tests. */
  #openSeed(): Use {
    const lease = new Lease('the `before` hooks', captureTrace());
    this.#seed = { lease, access: openSandbox(this.raw, lease, this.depth) };
    this.#uses.push(this.#seed);
    return this.#seed;
  }

  #assertMayClose(): void {
    const use = this.#uses.at(-1);
    if (!use) return;
    this.#misused = new HazardError('no-use-after-end', {
      happened: `The database handle that other tests share was closed by ${use.lease.owner}.`,
      acquired: use.lease.opened,
      used: captureTrace(),
      test: use.lease.test,
      remedy:
        'Close it once, where it was opened, after the last test: `after(() => db.close())` at the top of the file.',
    });
    throw this.#misused;
  }
}

/** @throws HazardError `no-late-activity` when the code belongs to a test that is over */
function assertNotLate(test: AmbientTest | undefined, use: Use | undefined): void {
  if (!test || test.hook !== undefined || !test.signal.aborted) return;
  throw new HazardError('no-late-activity', {
    happened: `Test "${test.name}" had ended when work that it started used the database handle${use ? `, in the middle of ${use.lease.owner}` : ''}.`,
    used: captureTrace(),
  });
}

function installOnStatements(handle: Handle): void {
  const methods = statementMethods(handle);
  const prototype = statementPrototype(handle);
  for (const name of RUNNING) {
    prototype[name] = function (this: Statement, ...args: unknown[]): unknown {
      const watch = watched.get(this.database);
      return watch ? watch.execute(this, name, args) : methods[name].apply(this, args);
    };
  }
}

function restoreStatements(handle: Handle, { methods }: RawHandle): void {
  Object.assign(statementPrototype(handle), methods);
}
