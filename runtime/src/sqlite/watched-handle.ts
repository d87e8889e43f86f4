/**
 * An app's own handle, watched: what the app does with it, also through statements it prepared long
 * ago, goes through the sandbox that is open. Own properties of the handle are replaced by `install`
 * and put back by `restore`.
 */
import { HazardError } from '../hazard-error.ts';
import { SetupError } from '../setup-error.ts';
import { ambientTest, type AmbientTest } from '../test-scope.ts';
import { captureTrace, formatPlace, type Trace } from '../trace.ts';
import { RawHandle, type Handle, type Running, type Statement } from './driver.ts';
import { Lease } from './lease.ts';
import type { Sandbox } from './sandbox.ts';
import { openSandbox } from './turn.ts';
import { installExecutor, restoreExecutor, type Executor } from './watched-statements.ts';

/** A test's sandbox on the handle. */
export interface Use {
  readonly lease: Lease;
  readonly access: Sandbox;
}

const watched = new WeakMap<Handle, WatchedHandle>();

/** The watch over a handle; one, however often it is asked for. */
export function watchHandle(handle: Handle): WatchedHandle {
  const watch = watched.get(handle) ?? new WatchedHandle(handle);
  watched.set(handle, watch);
  watch.install();
  return watch;
}

export class WatchedHandle implements Executor {
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
    return this.#access().execute(statement, method, args);
  }

  install(): void {
    if (this.#watchers++ > 0) return;
    const handle = this.#handle;
    const replace = (name: keyof Handle, value: (...args: never[]) => unknown): void => {
      Object.defineProperty(handle, name, { value, writable: true, configurable: true });
    };
    replace('exec', (sql: string) => {
      const access = this.#access();
      if (typeof sql === 'string') access.exec(sql);
      else this.raw.exec(sql); // The driver says what is wrong with it.
      return handle;
    });
    replace('prepare', (sql: string) => {
      const access = this.#access();
      return this.raw.prepare(typeof sql === 'string' ? access.prepare(sql) : sql);
    });
    replace('pragma', (...args: Parameters<Handle['pragma']>) => this.#access().pragma(...args));
    replace('close', () => {
      this.#assertMayClose();
      this.#closeSeed();
      this.raw.close();
      return handle;
    });
    installExecutor(handle, this.raw.statements, this);
  }

  restore(): void {
    if (--this.#watchers > 0) return;
    this.#closeSeed();
    for (const name of ['exec', 'prepare', 'pragma', 'close'] as const)
      Reflect.deleteProperty(this.#handle, name);
    restoreExecutor(this.#handle, this.raw.statements);
  }

  #access(): Sandbox {
    const asker = ambientTest();
    const use = this.#uses.at(-1);
    assertNotLate(asker, use);
    if (!use && asker?.hook === 'beforeEach') throw hookBeforeSandbox(captureTrace());
    const { lease, access } = use ?? this.#openSeed();
    lease.assertUsable();
    return access;
  }

  /** What is written outside of the tests, in `before` hooks above all, is in a sandbox around theirs. */
  #openSeed(): Use {
    const lease = new Lease('the `before` hooks', captureTrace());
    this.#seed = { lease, access: openSandbox(this.raw, lease, this.depth) };
    this.#uses.push(this.#seed);
    return this.#seed;
  }

  #closeSeed(): void {
    const seed = this.#seed;
    if (!seed) return;
    this.#seed = undefined;
    this.#uses.splice(this.#uses.indexOf(seed), 1);
    seed.access.close();
  }

  #assertMayClose(): void {
    const use = this.#uses.at(-1);
    if (!use || use === this.#seed) return;
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

function hookBeforeSandbox({ place }: Trace): SetupError {
  return new SetupError(
    'ERR_SAVEPOINT_NO_TEST',
    `sqlite: a \`beforeEach\` hook used the handle before the sandbox of its test was open${place ? ` (${formatPlace(place)})` : ''}. ` +
      'Call rollbackEach() before that hook.',
  );
}
