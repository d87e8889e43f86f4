/** Routes added to a Hono app that has already answered: too late for the requests of other tests. */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { report } from '../lifetimes/judge.ts';
import { captureTrace, isOwnCall } from '../trace.ts';
import { ambient } from './node-test.ts';
import { before } from './wrap.ts';

/** The routers that the presets of Hono hand an app. */
const ROUTERS = {
  'hono/router/smart-router': 'SmartRouter',
  'hono/router/pattern-router': 'PatternRouter',
} as const;

/** Watches the routers of the project's Hono, in both of its builds. */
export async function watchRoutes(): Promise<void> {
  const used = new WeakSet();
  for (const [specifier, name] of Object.entries(ROUTERS)) {
    for (const module of await buildsOf(specifier)) {
      const { prototype } = module[name] as { readonly prototype: object };
      before(prototype, 'match', function (this: unknown) {
        used.add(this as object);
      });
      before(prototype, 'add', function (this: unknown) {
        if (!used.has(this as object) || isOwnCall()) return;
        report('no-late-route', ambient().scope, { used: captureTrace() });
      });
    }
  }
}

type Module = Readonly<Record<string, unknown>>;

/** A module of Hono as `require` and as `import` load it; nothing where the project has none. */
async function buildsOf(specifier: string): Promise<Module[]> {
  const builds = new Set<Module>();
  for (const from of [join(process.cwd(), 'package.json'), process.argv[1]]) {
    const commonjs = from && resolveFrom(from, specifier);
    if (!commonjs) continue;
    const esm = commonjs.replace(/([\\/]dist)[\\/]cjs([\\/])/, '$1$2');
    for (const file of new Set([commonjs, esm]))
      builds.add((await import(pathToFileURL(file).href)) as Module);
  }
  return [...builds];
}

function resolveFrom(from: string, specifier: string): string | undefined {
  try {
    return createRequire(from).resolve(specifier);
  } catch {
    return undefined;
  }
}
