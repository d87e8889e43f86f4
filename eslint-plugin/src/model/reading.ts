/**
 * What the model reads of any file, the linted one and those it imports alike: the same questions
 * have the same answers whichever file they are asked of. Knows no rule and no fixture.
 */
import type { TSESLint, TSESTree } from '@typescript-eslint/utils';
import { readAcquisitions, type Acquisitions } from './acquisitions.ts';
import type { Node } from './ast.ts';
import { readCallsTo, type CallsTo } from './calls-to.ts';
import { readFrames, type Frames } from './frames.ts';
import { readOrigins, type OriginOf } from './origins.ts';
import { readPlacement, type Placement } from './placement.ts';
import { foreignResources } from './project/foreign-resources.ts';
import type { Project } from './project/project.ts';
import { readReleases, type Releases } from './releases.ts';
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

export interface Reading {
  readonly source: Source;
  readonly settings: Settings;
  readonly project: Project;
  readonly tree: Tree;
  readonly variables: Variables;
  readonly originOf: OriginOf;
  readonly callsTo: CallsTo;
  readonly frames: Frames;
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
    project,
  );
  origin.of = originOf;
  const placement = readPlacement(frames, variables, originOf);
  const releases = readReleases(variables, originOf, frames, placement);
  const acquisitions = readAcquisitions(
    tree,
    variables,
    originOf,
    frames,
    settings.known,
    foreignResources(project, originOf, variables, settings),
  );
  return {
    source,
    settings,
    project,
    tree,
    variables,
    originOf,
    callsTo: readCallsTo(tree, variables, originOf),
    frames,
    placement,
    acquisitions,
    releases,
  };
}
