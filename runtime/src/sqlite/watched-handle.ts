/**
 * An app's own handle, watched: what the app does with it, also through statements it prepared long
 * ago, goes through the sandbox that is open. Own properties of the handle are replaced by `install`
 * and put back by `restore`.
 */
import { HazardError } from '../hazard-error.ts';
import { SetupError } from '../setup-error.ts';
import { ambientTest, type AmbientTest } from '../test-scope.ts';
import { captureTrace, formatPlace, type Trace } from '../trace.ts';
import type { Access } from './access.ts';
import { DeferringSchema } from './deferring-schema.ts';
import type { RawHandle, Running } from './driver.ts';
import { installExecutor, removeExecutor, type Executor } from './executors.ts';
import { insideAnother, ownTransaction } from './floor.ts';
import { Lease } from './lease.ts';
import type { Sandbox } from './sandbox.ts';
import { Session } from './session.ts';
import { FileUse, meet } from './file-uses.ts';
import { assertIdle, openSandbox } from './turn.ts';

/** A test's sandbox on the handle. */
export interface Use {
  readonly lease: Lease;
  /** Undoes what was done in it. */
  readonly close: () => void;
}

interface OpenUse extends Use {
  readonly sandbox: Sandbox;
  readonly session: Session;
}

const watched = new WeakMap<object, WatchedHandle>();

/** The watch over a handle; one, however often it is asked for. @param read makes what is watched of it */
export function watchHandle(handle: object, read: () => RawHandle): WatchedHandle {
  const watch = watched.get(handle) ?? new WatchedHandle(read());
  watched.set(handle, watch);
  watch.install();
  return watch;
}

export class WatchedHandle implements Executor {
  readonly #raw: RawHandle;
  readonly #uses: OpenUse[] = [];
  #file: FileUse | undefined;
  #installed: readonly string[] = [];
  #watchers = 0;
  #seed: OpenUse | undefined;
  #misused: HazardError | undefined;

  constructor(raw: RawHandle) {
    this.#raw = raw;
  }

  /** Opens a sandbox for a test, in those that are open. */
  enter(lease: Lease): Use {
    const use = this.#open(lease);
    this.#uses.push(use);
    return use;
  }

  /** @throws HazardError what the test did to the handle although it was refused */
  leave(use: Use): void {
    this.#uses.splice(this.#uses.indexOf(use as OpenUse), 1);
    const misused = this.#misused;
    this.#misused = undefined;
    if (misused) throw misused;
  }

  use(): Access {
    return this.#session().use();
  }

  execute(statement: object, method: Running, args: readonly unknown[]): unknown {
    return this.#session().execute(statement, method, args);
  }

  install(): void {
    if (this.#watchers++ > 0) return;
    const { handle } = this.#raw;
    const methods = this.#raw.watchedMethods(
      () => this.#session(),
      () => {
        this.#close();
      },
    );
    this.#installed = Object.keys(methods);
    for (const [name, value] of Object.entries(methods))
      Object.defineProperty(handle, name, { value, writable: true, configurable: true });
    installExecutor(handle, this);
    this.#raw.watchBegins();
    const { file } = this.#raw;
    if (file !== undefined) this.#file = new FileUse(file, handle, keepsNothing);
    // A statement that nobody knows would run outside of every sandbox.
    if (!this.#raw.knowsStatements) this.#openSeed();
  }

  restore(): void {
    if (--this.#watchers > 0) return;
    this.#closeSeed();
    for (const name of this.#installed) Reflect.deleteProperty(this.#raw.handle, name);
    removeExecutor(this.#raw.handle);
    this.#raw.watchEnds();
    this.#file?.forget();
  }

  #open(lease: Lease): OpenUse {
    const depth = this.#uses.length;
    if (depth === 0) assertIdle(this.#raw, lease);
    meet(this.#raw.handle, this.#raw.file);
    const floor = depth === 0 ? ownTransaction(this.#raw) : insideAnother(this.#raw, depth);
    const sandbox: Sandbox = openSandbox(
      this.#raw,
      lease,
      floor,
      new DeferringSchema(this.#raw),
      this.#uses.at(-1)?.sandbox,
    );
    this.#file?.begin(lease);
    return {
      lease,
      sandbox,
      session: new Session(this.#raw.handle, lease, sandbox),
      close: () => {
        this.#file?.end(lease);
        sandbox.close();
      },
    };
  }

  #session(): Session {
    const asker = ambientTest();
    const use = this.#uses.at(-1);
    assertNotLate(asker, use);
    if ((!use || use === this.#seed) && asker?.hook === 'beforeEach')
      throw hookBeforeSandbox(captureTrace());
    return (use ?? this.#openSeed()).session;
  }

  /** What is written outside of the tests, in `before` hooks above all, is in a sandbox around theirs. */
  #openSeed(): OpenUse {
    this.#seed = this.#open(new Lease(() => 'the `before` hooks', captureTrace()));
    this.#uses.push(this.#seed);
    return this.#seed;
  }

  #closeSeed(): void {
    const seed = this.#seed;
    if (!seed) return;
    this.#seed = undefined;
    this.#uses.splice(this.#uses.indexOf(seed), 1);
    seed.close();
  }

  #close(): void {
    this.#assertMayClose();
    this.#closeSeed();
    this.#raw.close();
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

function keepsNothing(): void {
  // Each of its sandboxes has a transaction of its own.
}

function hookBeforeSandbox({ place }: Trace): SetupError {
  return new SetupError(
    'ERR_SAVEPOINT_NO_TEST',
    `sqlite: a \`beforeEach\` hook used the handle before the sandbox of its test was open${place ? ` (${formatPlace(place)})` : ''}. ` +
      'Call rollbackEach() before that hook.',
  );
}
