/**
 * `process.env` through a proxy: who changed which variable, on which line. Values are compared and
 * never told. What is read and written stays the object that was there.
 */
import { syncBuiltinESMExports } from 'node:module';
import { report } from '../lifetimes/judge.ts';
import type { Fixture, Ledger } from '../lifetimes/ledger.ts';
import type { RunScope } from '../lifetimes/run-scope.ts';
import { captureTrace, isOwnCall, type Trace } from '../trace.ts';
import type { Detector } from './detector.ts';
import { ambient, type Ambient } from './node-test.ts';

/** A variable that a scope changed. */
interface Change {
  readonly name: string;
  readonly fixture: Fixture;
  /** Its value before the first change in the scope. */
  readonly before: string | undefined;
  /** The latest line that assigned `undefined` to it and so stored a string. */
  storedUndefined: Trace | undefined;
}

/** Sees the variables that tests and suites leave changed. A file may: its process ends with it. */
export function watchEnvironment(ledger: Ledger): Detector {
  const changes = new Map<RunScope, Map<string, Change>>();
  /** What the variables were before the first test that changed them. */
  const initial = new Map<string, string | undefined>();

  observeEnvironment((name, before, storedUndefined) => {
    const here = ambient();
    if (isOwnCall()) return;
    const at = captureTrace();
    if (here.scope.scope === 'file') {
      if (here.hook && storedUndefined) reportUndefined(here.scope, name, at);
      return;
    }
    changeOf(here, name, before, at).storedUndefined = storedUndefined ? at : undefined;
  });

  function changeOf(
    { scope }: Ambient,
    name: string,
    before: string | undefined,
    at: Trace,
  ): Change {
    const ofScope = changes.get(scope) ?? new Map<string, Change>();
    changes.set(scope, ofScope);
    const known = ofScope.get(name);
    if (known) return known;
    if (!initial.has(name)) initial.set(name, before);
    const fixture = ledger.acquire({
      kind: 'environment',
      resource: {},
      owner: scope,
      acquired: at,
      values: () => ({ changed: `the environment variable ${name}` }),
      isHeld: () => ![before, initial.get(name)].includes(process.env[name]),
    });
    const change: Change = { name, fixture, before, storedUndefined: undefined };
    ofScope.set(name, change);
    return change;
  }

  return {
    finished() {
      for (const [scope, ofScope] of changes) {
        for (const { name, fixture, before, storedUndefined } of ofScope.values()) {
          if (before !== undefined || !storedUndefined || process.env[name] !== 'undefined')
            continue;
          ledger.forget(fixture);
          reportUndefined(scope, name, storedUndefined);
        }
      }
    },
  };
}

function reportUndefined(scope: RunScope, name: string, used: Trace): void {
  report('no-undefined-env-restore', scope, { values: { name }, used });
}

/** Called after a variable was changed, with its value from before. */
type Changed = (name: string, before: string | undefined, storedUndefined: boolean) => void;

function observeEnvironment(changed: Changed): void {
  let store = process.env;
  const proxies = new WeakSet<object>();

  const handler: ProxyHandler<NodeJS.ProcessEnv> = {
    set(target, name: string, value: string | undefined) {
      const before = target[name];
      target[name] = value;
      if (target[name] !== before) changed(name, before, value === undefined);
      return true;
    },
    deleteProperty(target, name: string) {
      const before = target[name];
      const deleted = Reflect.deleteProperty(target, name);
      if (before !== undefined) changed(name, before, false);
      return deleted;
    },
  };

  function observed(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
    if (proxies.has(env)) return env;
    const proxy = new Proxy(env, handler);
    proxies.add(proxy);
    return proxy;
  }

  store = observed(store);
  Object.defineProperty(process, 'env', {
    configurable: true,
    enumerable: true,
    get: () => store,
    // Some suites put a copy in the place of the whole environment, and put it back.
    set(next: NodeJS.ProcessEnv) {
      const before = store;
      store = observed(next);
      for (const name of new Set([...Object.keys(before), ...Object.keys(next)])) {
        if (before[name] !== next[name]) changed(name, before[name], false);
      }
    },
  });
  syncBuiltinESMExports();
}
