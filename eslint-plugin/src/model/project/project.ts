/**
 * The seam between the file that is linted and the others of its project.
 */
import { isAbsolute } from 'node:path';
import type { ModuleOrigin } from '../origins.ts';
import { openFiles } from './files.ts';
import { packageOf } from './packages.ts';
import { isRelative, resolveImport } from './resolve.ts';

export interface Project {
  /** The same value by the name that the model knows it by: a package that imports itself by a path is that package. */
  settle(origin: ModuleOrigin): ModuleOrigin;
}

/** The project around a file; a file without a place on the disk has none. */
export function openProject(file: string): Project {
  if (!isAbsolute(file)) return { settle: (origin) => origin };
  const files = openFiles();
  const modules = new Map<string, string>();

  function settle(origin: ModuleOrigin): ModuleOrigin {
    return { ...origin, module: moduleOf(origin.module) };
  }

  function moduleOf(specifier: string): string {
    if (!isRelative(specifier)) return specifier;
    const known = modules.get(specifier);
    if (known !== undefined) return known;
    const target = resolveImport(files, file, specifier);
    const own = target === undefined ? undefined : packageOf(files, target);
    const module = own && target !== undefined && own.entries.has(target) ? own.name : specifier;
    modules.set(specifier, module);
    return module;
  }

  return { settle };
}
