/** The lifetimes of better-sqlite3 handles. The one file of the watch that knows the driver. */
import { report } from '../lifetimes/judge.ts';
import { nounOf, type Ledger } from '../lifetimes/ledger.ts';
import { sayScope } from '../lifetimes/run-scope.ts';
import { captureTrace, formatPlace, isOwnCall, type Trace } from '../trace.ts';
import { whenLoaded } from './loaded-modules.ts';
import { ambient } from './node-test.ts';
import { before } from './wrap.ts';

interface Handle {
  readonly open: boolean;
}
type DatabaseClass = new (...args: unknown[]) => Handle;

/** The methods that a closed handle refuses. */
const USES = [
  'prepare',
  'exec',
  'pragma',
  'transaction',
  'backup',
  'serialize',
  'function',
  'aggregate',
  'table',
];

export function watchSqlite(ledger: Ledger): void {
  whenLoaded('better-sqlite3/lib/database.js', (exported) => {
    const Database = exported as DatabaseClass;
    watchUses(Database.prototype as object, ledger);
    return observed(Database, (handle) => {
      if (isOwnCall()) return;
      const owner = ambient().scope;
      ledger.acquire({
        kind: 'handle',
        resource: handle,
        owner,
        acquired: captureTrace(),
        isHeld: () => handle.open,
      });
    });
  });
}

/** The class, telling of every handle it makes. */
function observed(Database: DatabaseClass, made: (handle: Handle) => void): DatabaseClass {
  const make = (args: unknown[], target: NewableFunction = Database) => {
    const handle = Reflect.construct(Database, args, target) as Handle;
    made(handle);
    return handle;
  };
  const Observed: DatabaseClass = new Proxy(Database, {
    construct: (_, args: unknown[], target) => make(args, target),
    // The package lets its class be called without `new`.
    apply: (_, __, args: unknown[]) => make(args),
  });
  Object.defineProperty(Database.prototype, 'constructor', {
    value: Observed,
    writable: true,
    configurable: true,
  });
  return Observed;
}

function watchUses(prototype: object, ledger: Ledger): void {
  const closedAt = new WeakMap<Handle, Trace>();
  before(prototype, 'close', function (this: unknown) {
    const handle = this as Handle;
    if (!handle.open || isOwnCall()) return;
    const at = captureTrace();
    closedAt.set(handle, at);
    ledger.release(handle, ambient().scope, at);
  });
  for (const use of USES) {
    before(prototype, use, function (this: unknown) {
      const { scope } = ambient();
      const closed = closedAt.get(this as Handle);
      if ((!scope.ended && !closed) || isOwnCall()) return;
      const values = { noun: nounOf('handle') };
      const used = captureTrace();
      if (scope.ended) return void report('no-late-activity', scope, { values, used });
      const fixture = ledger.of(this as Handle);
      const owner = fixture ? sayScope(fixture.owner) : 'its owner';
      const where = closed?.place ? `; it was closed at ${formatPlace(closed.place)}` : '';
      const expected = `once, by ${owner}${where}`;
      report('no-use-after-end', scope, { values, acquired: fixture?.acquired, used, expected });
    });
  }
}
