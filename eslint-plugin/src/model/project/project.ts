/**
 * The seam between the file that is linted and the others of its project.
 *
 * Another file is read as the linted one is: by the same parser, into the same `Reading`, so that a
 * question has one code wherever its answer lies. It is asked only through a value's origin, and only
 * what that value needs is parsed. Bounded in depth, size and number, never by a clock, so that a
 * report does not depend on the machine. What is not followed stays what it was: an export of
 * another file, of which nothing is known.
 */
import { dirname, isAbsolute } from 'node:path';
import { canonicalModule, exportNameOf, type ModuleOrigin, type Origin } from '../origins.ts';
import { bare, isFunction, type FunctionNode, type Node } from '../ast.ts';
import { isClass, type ClassNode } from '../instances.ts';
import { readSource, type Reading } from '../reading.ts';
import type { Settings } from '../settings.ts';
import { mayBeTestFunction } from '../test-api.ts';
import { isCommonState, mayBePutBackBy, putBackByCommonHooks } from './common-hooks.ts';
import { exportAt } from './exports.ts';
import { openFiles, type Files } from './files.ts';
import { endersOfNeverEnded, type KeptElsewhere } from './never-ended.ts';
import { packageOf, type Package } from './packages.ts';
import { parseSlice, type Language } from './parse.ts';
import { isRelative, placeOf, resolveImport } from './resolve.ts';
import { slicedFiles, type Form, type Slice } from './slice.ts';

export interface Project {
  /**
   * The same value by the name the model knows it by: a package that imports itself by a path is that
   * package, and what a helper passes on from a package is the package's.
   */
  settle(origin: ModuleOrigin): ModuleOrigin;
  /** What another file exports at this origin, in the reading of that file. */
  exportOf(origin: Origin | undefined): Exported | undefined;
  /** The same of a class, or of what passes one on. */
  exportedClassOf(origin: Origin | undefined): Exported | undefined;
  /** What another file exports at this origin, when it is a function. */
  functionOf(origin: Origin | undefined): ForeignFunction | undefined;
  /** What another file exports at this origin, when it is a class. */
  classOf(origin: Origin | undefined): ForeignClass | undefined;
  /** A function of any file, also of one that has to do with nothing the model knows. */
  anyFunctionOf(origin: Origin | undefined): ForeignFunction | undefined;
  /** Whether a hook that all tests of the file have, from elsewhere, puts this back. */
  putsBack(state: string): boolean;
  /**
   * The functions that would end what this origin's file keeps, when nothing that is loaded with this
   * file does, nor the end of the tests; undefined when something may.
   *
   * @param text what this file says
   */
  endersOfNeverEnded(
    origin: ModuleOrigin,
    text: string,
    kept: KeptElsewhere,
  ): readonly string[] | undefined;
  /** Whether what this origin's file makes may put it back, when it is disposed of. */
  mayPutBack(origin: Origin | undefined, state: string): boolean;
}

export interface Exported {
  readonly reading: Reading;
  /** An expression, or the name of what is declared. */
  readonly node: Node;
}

export interface ForeignFunction {
  readonly reading: Reading;
  readonly fn: FunctionNode;
}

export interface ForeignClass {
  readonly reading: Reading;
  readonly cls: ClassNode;
}

/** What is asked for: an export that is no class, one that is, or one of a file that leads nowhere. */
type Wish = 'value' | 'class' | 'any';

/** What all files that one linted file leads to share. */
interface Expedition {
  readonly settings: Settings;
  readonly language: Language;
  readonly files: Files;
  readonly readings: Map<string, Reading | undefined>;
  readonly packages: Map<string, Package | undefined>;
  /** Which files lead to a module that the model knows, by the steps it took to them. */
  readonly leading: Map<string, boolean>;
  /** How many characters may still be parsed for this linted file. */
  left: number;
}

const DISPATCHER = /^[gs]etGlobalDispatcher$/;
const MOST_STEPS = 3;
const MOST_PARSED = 16_000;

const ALONE: Project = {
  settle: (origin) => origin,
  exportOf: () => undefined,
  exportedClassOf: () => undefined,
  functionOf: () => undefined,
  classOf: () => undefined,
  anyFunctionOf: () => undefined,
  putsBack: () => false,
  endersOfNeverEnded: () => undefined,
  mayPutBack: () => false,
};

/** The project around a file; a file without a place on the disk has none. */
export function openProject(file: string, settings: Settings, language: Language): Project {
  if (!settings.followImports || !isAbsolute(file)) return ALONE;
  return projectAround(file, 0, {
    settings,
    language,
    files: openFiles(),
    readings: new Map(),
    packages: new Map(),
    leading: new Map(),
    left: MOST_PARSED,
  });
}

function projectAround(file: string, steps: number, expedition: Expedition): Project {
  const { files, settings } = expedition;
  const targets = new Map<string, string | undefined>();
  const settled = new Map<string, ModuleOrigin>();
  /** The same origin is asked for once per use of a name. */
  const seen = new WeakMap<ModuleOrigin, ModuleOrigin>();
  const exported = new Map<string, Exported | undefined>();
  const putBack = new Map<string, boolean>();

  function settle(origin: ModuleOrigin): ModuleOrigin {
    if (!isRelative(origin.module)) return origin;
    const found = seen.get(origin) ?? settleByName(origin);
    seen.set(origin, found);
    return found;
  }

  function settleByName(origin: ModuleOrigin): ModuleOrigin {
    const key = keyOf(origin);
    const known = settled.get(key);
    if (known) return known;
    // A circle of files that pass a value on comes back here, and ends.
    settled.set(key, origin);
    const found = destinationOf(origin);
    settled.set(key, found);
    return found;
  }

  function destinationOf(origin: ModuleOrigin): ModuleOrigin {
    // Asked before the disk is: most imports are of no package, and by no name, that the model knows.
    const own = packageAround(placeOf(file, origin.module));
    const isNamed = mayBePassedOn(exportNameOf(origin));
    const target = own || isNamed ? targetOf(origin.module) : undefined;
    if (target === undefined) return origin;
    if (own?.isEntry(target)) return { ...origin, module: own.name };
    if (!isNamed) return origin;
    const reading = readingOf(target, origin.path, isPassed);
    const found = reading && exportAt(reading, origin.path);
    if (!found) return origin;
    const from =
      found.is === 'elsewhere'
        ? reading.project.settle({ from: 'module', module: found.module, path: found.path })
        : reading.originOf(found.node);
    return from?.from === 'module' && !isRelative(from.module) ? from : origin;
  }

  /** What is passed on keeps the name that the model knows it by, or has none. */
  function mayBePassedOn(name: string): boolean {
    return mayBeTestFunction(name) || settings.known.mayMake(name) || DISPATCHER.test(name);
  }

  function exportOf(origin: Origin | undefined, wish: Wish = 'value'): Exported | undefined {
    if (origin?.from !== 'module' || !isRelative(origin.module)) return undefined;
    const key = `${keyOf(origin)} ${wish}`;
    if (!exported.has(key)) {
      exported.set(key, undefined);
      exported.set(key, findExport(origin, wish));
    }
    return exported.get(key);
  }

  function findExport({ module, path }: ModuleOrigin, wish: Wish): Exported | undefined {
    const target = targetOf(module);
    if (target === undefined) return undefined;
    const reading = readingOf(target, path, MAY_BE[wish], wish === 'any');
    const found = reading && exportAt(reading, path);
    if (!reading || !found) return undefined;
    const passedOn = (from: Origin | undefined): Exported | undefined =>
      wish === 'class' ? reading.project.exportedClassOf(from) : reading.project.exportOf(from);
    if (found.is === 'elsewhere') {
      return passedOn({ from: 'module', module: found.module, path: found.path });
    }
    return passedOn(reading.originOf(found.node)) ?? { reading, node: found.node };
  }

  function functionOf(origin: Origin | undefined, wish?: Wish): ForeignFunction | undefined {
    const found = exportOf(origin, wish);
    if (!found) return undefined;
    const { reading } = found;
    const node = bare(found.node);
    const variable = reading.variables.of(node);
    const fn = isFunction(node) ? node : variable && reading.variables.functionOf(variable);
    return fn && { reading, fn };
  }

  function classOf(origin: Origin | undefined): ForeignClass | undefined {
    const found = exportOf(origin, 'class');
    if (!found) return undefined;
    const { reading } = found;
    const node = bare(found.node);
    const cls: Node | undefined = isClass(node) ? node : reading.variables.of(node)?.defs[0]?.node;
    return isClass(cls) ? { reading, cls } : undefined;
  }

  function putsBack(state: string): boolean {
    if (!isCommonState(state)) return false;
    const known = putBack.get(state);
    if (known !== undefined) return known;
    const found = putBackByCommonHooks(files, file, state);
    putBack.set(state, found);
    return found;
  }

  function mayPutBack(origin: Origin | undefined, state: string): boolean {
    const target = origin?.from === 'module' ? targetOf(origin.module) : undefined;
    return target !== undefined && isCommonState(state) && mayBePutBackBy(files, target, state);
  }

  function targetOf(specifier: string): string | undefined {
    if (!targets.has(specifier)) targets.set(specifier, resolveImport(files, file, specifier));
    return targets.get(specifier);
  }

  function packageAround(folder: string): Package | undefined {
    return packageOf(files, folder, isKnown, expedition.packages);
  }

  /** The part of a file that its export needs, where that may say something of what the model knows. */
  function readingOf(
    target: string,
    path: readonly string[],
    isMeant: (form: Form) => boolean,
    ofAnyFile = false,
  ): Reading | undefined {
    if (steps >= MOST_STEPS) return undefined;
    const sliced = files.read(target, slicedFiles);
    // Asked before the files that it imports are read: most exports are not what is meant.
    const form = sliced?.form(path);
    if (!sliced || form === undefined || !isMeant(form)) return undefined;
    const leads = (modules: readonly string[]): boolean =>
      ofAnyFile || modules.some((module) => leadsToKnown(target, module, steps + 1));
    // The whole file first: it costs less to ask, and most files lead nowhere.
    const slice = leads(sliced.modules) ? sliced.slice(path) : undefined;
    return slice && leads(slice.modules) ? readingOfSlice(target, slice) : undefined;
  }

  function isKnown(module: string): boolean {
    return settings.testModules.has(module) || settings.known.modules.has(canonicalModule(module));
  }

  /** Whether a module, or one that it imports, is one that the model knows. */
  function leadsToKnown(importer: string, module: string, step: number): boolean {
    if (!isRelative(module)) return isKnown(module);
    if (step >= MOST_STEPS) return false;
    const target = resolveImport(files, importer, module);
    if (target === undefined) return false;
    const key = `${target} ${step}`;
    const known = expedition.leading.get(key);
    if (known !== undefined) return known;
    expedition.leading.set(key, false);
    const leads =
      (packageAround(dirname(target))?.isEntry(target) ?? false) ||
      (files.read(target, slicedFiles)?.modules ?? []).some((each) =>
        leadsToKnown(target, each, step + 1),
      );
    expedition.leading.set(key, leads);
    return leads;
  }

  function readingOfSlice(target: string, slice: Slice): Reading | undefined {
    const { readings, language } = expedition;
    const key = `${target} ${slice.text}`;
    if (!readings.has(key)) {
      readings.set(key, undefined);
      if (expedition.left < slice.text.length) return undefined;
      expedition.left -= slice.text.length;
      const source = parseSlice(slice, target, language);
      const project = projectAround(target, steps + 1, expedition);
      readings.set(key, source && readSource(source, settings, project));
    }
    return readings.get(key);
  }

  return {
    settle,
    exportOf: (origin) => exportOf(origin),
    exportedClassOf: (origin) => exportOf(origin, 'class'),
    functionOf: (origin) => functionOf(origin),
    classOf,
    anyFunctionOf: (origin) => functionOf(origin, 'any'),
    putsBack,
    endersOfNeverEnded(origin, text, kept) {
      const keeper = targetOf(origin.module);
      return keeper === undefined ? undefined : endersOfNeverEnded(files, file, text, keeper, kept);
    },
    mayPutBack,
  };
}

/** By its text alone, whether an export may be what is asked for. */
const MAY_BE: Readonly<Record<Wish, (form: Form) => boolean>> = {
  value: isNoClass,
  class: (form) => form === 'class' || isPassed(form),
  any: isNoClass,
};

function isNoClass(form: Form): boolean {
  return form !== 'class';
}

function isPassed(form: Form): boolean {
  return form === 'passed';
}

function keyOf({ module, path }: ModuleOrigin): string {
  return [module, ...path].join('#');
}
