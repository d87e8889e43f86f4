/**
 * What the model reads of any file, the linted one and those it imports alike: the same questions
 * have the same answers whichever file they are asked of. Knows no rule and no fixture.
 */
import type { TSESLint, TSESTree } from '@typescript-eslint/utils';
import { readAcquisitions, type Acquisitions } from './acquisitions.ts';
import type { Node } from './ast.ts';
import { readCallsTo, type CallsTo } from './calls-to.ts';
import { readFrames, type Frames, type TestCall } from './frames.ts';
import { readOrigins, type OriginOf } from './origins.ts';
import { once } from './once.ts';
import { readPlacement, type Placement } from './placement.ts';
import { foreignResources } from './project/foreign-resources.ts';
import type { Project } from './project/project.ts';
import { readReleases, type Releases } from './releases.ts';
import type { Settings } from './settings.ts';
import { TEST_FUNCTIONS } from './test-api.ts';
import { readTree, type Nodes, type Tree } from './tree.ts';
import { readVariables, type Variables } from './variables.ts';

/** What the model needs of ESLint's (and oxlint's) `SourceCode`. */
export interface Source extends Nodes {
  readonly text: string;
  readonly ast: TSESTree.Program;
  readonly scopeManager: TSESLint.Scope.ScopeManager | null;
  getText(node: Node): string;
}

export interface Reading {
  readonly source: Source;
  readonly settings: Settings;
  readonly project: Project;
  readonly tree: Tree;
  readonly variables: Variables;
  readonly originOf: OriginOf;
  readonly callsTo: CallsTo;
  readonly frames: Frames;
  /** The calls of `node:test`'s functions, in the order of the text. */
  readonly testCalls: () => readonly TestCall[];
  readonly placement: Placement;
  readonly acquisitions: Acquisitions;
  readonly releases: Releases;
}

/** The reading of a source; undefined when no scopes were found in it. */
export function readSource(
  source: Source,
  settings: Settings,
  project: Project,
): Reading | undefined {
  const { scopeManager } = source;
  if (!scopeManager) return undefined;
  const { tree, variables } = indexOf(source, scopeManager);
  const isTestModule = (module: string): boolean => settings.testModules.has(module);
  const origin: { of: OriginOf } = { of: () => undefined };
  const frames = readFrames(variables, isTestModule, origin);
  const originOf = readOrigins(
    variables,
    isTestModule,
    frames.takesContext,
    frames.givenTo,
    project,
  );
  origin.of = originOf;
  const placement = readPlacement(frames, variables, originOf);
  const releases = readReleases(tree, variables, originOf, frames, placement);
  const acquisitions = readAcquisitions(
    tree,
    variables,
    originOf,
    frames,
    settings.known,
    foreignResources(project, originOf, variables, settings),
  );
  const callsTo = readCallsTo(source, tree, variables, originOf);
  return {
    source,
    settings,
    project,
    tree,
    variables,
    originOf,
    callsTo,
    frames,
    testCalls: once(() =>
      callsTo(
        { methods: TEST_FUNCTIONS, functions: 'any' },
        (origin) => frames.testFunctionOf(origin) !== undefined,
      ).flatMap((call) => frames.testCallOf(call) ?? []),
    ),
    placement,
    acquisitions,
    releases,
  };
}

/** What a source says by itself. Kept, because a helper's is read again for each file that leads to it. */
interface Index {
  readonly tree: Tree;
  readonly variables: Variables;
}

const indexes = new WeakMap<Source, Index>();

function indexOf(source: Source, scopes: TSESLint.Scope.ScopeManager): Index {
  const known = indexes.get(source);
  if (known) return known;
  const index = { tree: readTree(source), variables: readVariables(scopes) };
  indexes.set(source, index);
  return index;
}
