/** Everything the rules may ask about one file, built once and kept with its `SourceCode`. */
import { hazardsOf, type HazardId } from '@savepoint/catalogue';
import type { TSESLint, TSESTree } from '@typescript-eslint/utils';
import { readAcquisitions, type Acquisitions } from './acquisitions.ts';
import type { Node } from './ast.ts';
import { readChanges } from './changes.ts';
import { readFixtures, type Fixture } from './fixtures.ts';
import { readFrames, type Frames } from './frames.ts';
import { readOrigins, type OriginOf } from './origins.ts';
import { readPlacement } from './placement.ts';
import { processStateWrites } from './process-state.ts';
import { openProject } from './project/project.ts';
import { readReleases } from './releases.ts';
import type { Settings } from './settings.ts';
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
  if (!scopeManager || !mayBeTestCode(source.text, settings)) return undefined;
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
  if (!isTestCode(tree, frames)) return undefined;

  const placement = readPlacement(frames, variables, originOf);
  const acquisitions = readAcquisitions(tree, variables, originOf, frames, settings.known);
  const releases = readReleases(variables, originOf, frames, placement);
  const writes = processStateWrites(tree, variables, originOf, frames);
  const fixtures = [
    ...readFixtures(tree, acquisitions, releases, frames),
    ...readChanges(writes, tree, originOf, frames, placement, isTestModule),
  ].map((fixture) => ({ fixture, hazards: new Set(hazardsOf(fixture.lifetime)) }));

  return {
    source,
    settings,
    tree,
    variables,
    originOf,
    frames,
    acquisitions,
    withFault: (id) =>
      fixtures.flatMap(({ fixture, hazards }) => (hazards.has(id) ? [fixture] : [])),
  };
}

/** A look at the text alone: most files of a project end here. */
function mayBeTestCode(text: string, { testModules }: Settings): boolean {
  return (
    /\bafter\(|TestContext/.test(text) || [...testModules].some((module) => text.includes(module))
  );
}

function isTestCode({ calls, functions }: Tree, frames: Frames): boolean {
  return (
    calls.some((call) => frames.testCallOf(call) !== undefined) ||
    functions.some((fn) => fn.params.some((_, index) => frames.takesContext(fn, index)))
  );
}
