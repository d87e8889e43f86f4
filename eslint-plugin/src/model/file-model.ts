/** Everything the rules may ask about one file, built once and kept with its `SourceCode`. */
import { hazardsOf, type HazardId, type ResourceKind } from '@savepoint/catalogue';
import type { Node } from './ast.ts';
import { readChanges } from './changes.ts';
import { readFixtures, type Fixture } from './fixtures.ts';
import { memberWrites } from './global-writes.ts';
import { mockWrites } from './mocks.ts';
import { isExport } from './origins.ts';
import { processStateWrites } from './process-state.ts';
import { groupBy } from './group-by.ts';
import { once } from './once.ts';
import type { Parser } from './project/parse.ts';
import { openProject } from './project/project.ts';
import { readSource, type Reading, type Source } from './reading.ts';
import type { Settings } from './settings.ts';
import { CONTEXT_NAMES } from './test-api.ts';

/** What the model needs of a rule's context. */
export interface Lint {
  /** The file on the disk; with a processor, the one that holds the code. */
  readonly physicalFilename: string;
  readonly languageOptions: { readonly parser?: Parser; readonly ecmaVersion?: number };
}

export interface FileModel extends Reading {
  /** The file on the disk. */
  readonly path: string;
  /** The fixtures whose lifetime has this fault. */
  withFault(id: HazardId): readonly Fixture[];
  /** The fixtures of this kind. */
  ofKind(kind: ResourceKind): readonly Fixture[];
  /** The fixtures that only a callback on the way to success releases. */
  leftToCallbacks(): readonly LeftToCallback[];
}

export type LeftToCallback = Fixture & { readonly leftTo: Node };

const models = new WeakMap<Source, FileModel | undefined>();

/** The model of a file; undefined when nothing in it is a test's. */
export function modelOf(source: Source, settings: Settings, lint: Lint): FileModel | undefined {
  if (!models.has(source)) models.set(source, readFile(source, settings, lint));
  return models.get(source);
}

function readFile(source: Source, settings: Settings, lint: Lint): FileModel | undefined {
  const { physicalFilename: path, languageOptions } = lint;
  const { parser, ecmaVersion } = languageOptions;
  const language = { parser, ecmaVersion, visitorKeys: source.visitorKeys };
  const reading = readSource(source, settings, openProject(path, settings, language));
  if (!reading || !isTestCode(reading)) return undefined;

  const isTestModule = (module: string): boolean => settings.testModules.has(module);
  const fixtures = once(() => {
    const writes = [
      ...processStateWrites(reading),
      ...memberWrites(reading),
      ...mockWrites(reading, isTestModule),
    ];
    return [...readFixtures(reading), ...readChanges(writes, reading, isTestModule)];
  });
  const byHazard = once(() => groupByHazard(fixtures()));
  const byKind = once(() => groupBy(fixtures(), ({ lifetime }) => lifetime.kind));

  return {
    ...reading,
    path,
    withFault: (id) => byHazard().get(id) ?? [],
    ofKind: (kind) => byKind().get(kind) ?? [],
    leftToCallbacks: () => fixtures().filter(isLeftToCallback),
  };
}

function isLeftToCallback(fixture: Fixture): fixture is LeftToCallback {
  return fixture.leftTo !== undefined;
}

function groupByHazard(fixtures: readonly Fixture[]): Map<HazardId, Fixture[]> {
  const faults = fixtures.flatMap((fixture) =>
    hazardsOf(fixture.lifetime).map((id) => ({ id, fixture })),
  );
  const groups = groupBy(faults, ({ id }) => id);
  return new Map([...groups].map(([id, all]) => [id, all.map(({ fixture }) => fixture)]));
}

const candidates = new WeakMap<Source, boolean>();

/** A look at the text alone: most files of a project end here. */
export function mayBeTestCode(source: Source, { testModules }: Settings): boolean {
  const known = candidates.get(source);
  if (known !== undefined) return known;
  const { text } = source;
  const may = [...testModules].some((name) => text.includes(name)) || MAY_TAKE_CONTEXT.test(text);
  candidates.set(source, may);
  return may;
}

/** As `frames` knows a parameter that is the test context: by its type, or its name and `t.after(…)`. */
const MAY_TAKE_CONTEXT = new RegExp(
  `TestContext|\\b(?:${[...CONTEXT_NAMES].join('|')})\\b[!?\\s]*(?:\\.\\s*|\\[\\s*['"\`])after\\b`,
);

function isTestCode({ tree, frames, originOf }: Reading): boolean {
  return (
    tree.calls.some((call) => frames.testCallOf(call) !== undefined) ||
    tree.callsNamed('run').some(({ callee }) => isExport(originOf(callee), 'node:test', 'run')) ||
    tree.functions.some((fn) => fn.params.some((_, index) => frames.takesContext(fn, index)))
  );
}
