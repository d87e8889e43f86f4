/** Everything the rules may ask about one file, built once and kept with its `SourceCode`. */
import { hazardsOf, type HazardId } from '@savepoint/catalogue';
import type { TSESLint, TSESTree } from '@typescript-eslint/utils';
import { readAcquisitions, type Acquisitions } from './acquisitions.ts';
import type { Node } from './ast.ts';
import { readChanges } from './changes.ts';
import { readFixtures, type Fixture } from './fixtures.ts';
import { readFrames, type Frames } from './frames.ts';
import { globalWrites } from './global-writes.ts';
import { mockWrites } from './mocks.ts';
import { isExport, readOrigins, type OriginOf } from './origins.ts';
import { readPlacement } from './placement.ts';
import { processStateWrites } from './process-state.ts';
import { openProject } from './project/project.ts';
import { readReleases } from './releases.ts';
import type { Settings } from './settings.ts';
import { CONTEXT_NAMES } from './test-api.ts';
import { readTree, type Tree, type VisitorKeys } from './tree.ts';
import { readVariables, type Variables } from './variables.ts';

/** What the model needs of ESLint's (and oxlint's) `SourceCode`. */
export interface Source {
  readonly text: string;
  readonly ast: TSESTree.Program;
  readonly scopeManager: TSESLint.Scope.ScopeManager | null;
  readonly visitorKeys: VisitorKeys;
  getText(node: Node): string;
}

/** What the model needs of a rule's context. */
export interface Lint {
  /** The file on the disk; with a processor, the one that holds the code. */
  readonly physicalFilename: string;
}

export interface FileModel {
  readonly source: Source;
  readonly settings: Settings;
  /** The file on the disk. */
  readonly path: string;
  readonly tree: Tree;
  readonly variables: Variables;
  readonly originOf: OriginOf;
  readonly frames: Frames;
  readonly acquisitions: Acquisitions;
  /** The fixtures whose lifetime has this fault. */
  withFault(id: HazardId): readonly Fixture[];
}

const models = new WeakMap<Source, FileModel | undefined>();

/** The model of a file; undefined when nothing in it is a test's. */
export function modelOf(
  source: Source,
  settings: Settings,
  { physicalFilename }: Lint,
): FileModel | undefined {
  if (!models.has(source)) models.set(source, readFile(source, settings, physicalFilename));
  return models.get(source);
}

function readFile(source: Source, settings: Settings, path: string): FileModel | undefined {
  const { ast, scopeManager, visitorKeys } = source;
  if (!scopeManager) return undefined;
  const tree = readTree(ast, visitorKeys);
  const variables = readVariables(scopeManager);
  const isTestModule = (module: string): boolean => settings.testModules.has(module);
  const origin: { of: OriginOf } = { of: () => undefined };
  const frames = readFrames(variables, isTestModule, origin);
  const originOf = readOrigins(
    variables,
    isTestModule,
    frames.takesContext,
    frames.givenTo,
    openProject(path),
  );
  origin.of = originOf;
  if (!isTestCode(tree, frames, originOf)) return undefined;

  const placement = readPlacement(frames, variables, originOf);
  const acquisitions = readAcquisitions(tree, variables, originOf, frames, settings.known);
  const releases = readReleases(variables, originOf, frames, placement);
  const byHazard = lazily(() => {
    const writes = [
      ...processStateWrites(tree, variables, originOf, frames),
      ...globalWrites(tree, variables, originOf),
      ...(source.text.includes('mock')
        ? mockWrites(tree, variables, originOf, frames, isTestModule)
        : []),
    ];
    return groupByHazard([
      ...readFixtures(tree, acquisitions, releases, frames, variables),
      ...readChanges(writes, tree, variables, originOf, frames, placement, isTestModule),
    ]);
  });

  return {
    source,
    settings,
    path,
    tree,
    variables,
    originOf,
    frames,
    acquisitions,
    withFault: (id) => byHazard().get(id) ?? [],
  };
}

function groupByHazard(fixtures: readonly Fixture[]): Map<HazardId, Fixture[]> {
  const groups = new Map<HazardId, Fixture[]>();
  for (const fixture of fixtures) {
    for (const id of hazardsOf(fixture.lifetime)) {
      groups.set(id, [...(groups.get(id) ?? []), fixture]);
    }
  }
  return groups;
}

function lazily<T>(make: () => T): () => T {
  let made: { readonly it: T } | undefined;
  return () => (made ??= { it: make() }).it;
}

const candidates = new WeakMap<Source, boolean>();

/** A look at the text alone: most files of a project end here. */
export function mayBeTestCode(source: Source, { testModules }: Settings): boolean {
  const known = candidates.get(source);
  if (known !== undefined) return known;
  const { text } = source;
  const may = MAY_TAKE_CONTEXT.test(text) || [...testModules].some((name) => text.includes(name));
  candidates.set(source, may);
  return may;
}

/** As `frames` knows a parameter that is the test context: by its type, or its name and `t.after(…)`. */
const MAY_TAKE_CONTEXT = new RegExp(
  `TestContext|\\b(?:${[...CONTEXT_NAMES].join('|')})\\b[!?\\s]*(?:\\.\\s*|\\[\\s*['"\`])after\\b`,
);

function isTestCode(tree: Tree, frames: Frames, originOf: OriginOf): boolean {
  return (
    tree.calls.some((call) => frames.testCallOf(call) !== undefined) ||
    tree.callsNamed('run').some(({ callee }) => isExport(originOf(callee), 'node:test', 'run')) ||
    tree.functions.some((fn) => fn.params.some((_, index) => frames.takesContext(fn, index)))
  );
}
