/** Pools that are used while a test has mocked `setTimeout`, on which their own timers run. */
import {
  bare,
  enclosingFunction,
  nameOf,
  propertyOf,
  textOf,
  type Call,
  type Node,
} from './ast.ts';
import type { FileModel } from './file-model.ts';
import { within } from './tree.ts';

export interface FrozenPool {
  /** The call that mocks the timers. */
  readonly enable: Call;
  /** The use of the pool, as a message names it: `pool.query()`. */
  readonly use: Call;
  readonly text: string;
  /** Whether the test moves the mocked timers on, so that it needs more than the date. */
  readonly ticks: boolean;
}

/** What a pool or client does that waits on a timer, or leaves one behind. */
const TIMED = new Set(['query', 'connect', 'release', 'raw', 'execute', 'transaction']);
const POOLED = new Set(['pool', 'client']);

export function* frozenPools(file: FileModel): Iterable<FrozenPool> {
  const { tree, source } = file;
  for (const enable of tree.callsNamed('enable')) {
    if (!isMockTimers(file, enable) || !mocksTimeouts(enable)) continue;
    const body = enclosingFunction(enable);
    const frame = body && file.frames.frameOfFunction(body);
    if (!body || frame?.is !== 'test') continue;
    const end = endOfMock(file, body, enable);
    for (const use of within(tree.calls, body)) {
      if (use.range[0] < enable.range[1] || use.range[0] > end || !isTimedUse(file, use)) continue;
      const [tick] = within(tree.callsNamed('tick', 'runAll'), body);
      const text = `${source.getText(bare(use.callee))}()`;
      yield { enable, use, text, ticks: tick !== undefined };
      break;
    }
  }
}

/** `t.mock.timers.enable`, `mock.timers.enable`. */
function isMockTimers({ originOf, settings }: FileModel, { callee }: Call): boolean {
  const origin = originOf(callee);
  if (!origin || origin.from === 'global') return false;
  if (origin.from === 'module' && !settings.testModules.has(origin.module)) return false;
  return /(^|\.)mock\.timers\.\w+$/.test(origin.path.join('.'));
}

/** Without `apis`, every timer is mocked. */
function mocksTimeouts({ arguments: [options] }: Call): boolean {
  if (!options) return true;
  const given = bare(options);
  const apis = given.type === 'ArrayExpression' ? given : propertyOf(given, 'apis')?.value;
  if (!apis) return given.type === 'ObjectExpression' && given.properties.every(isPlain);
  return (
    apis.type === 'ArrayExpression' && apis.elements.some((api) => textOf(api) === 'setTimeout')
  );
}

function isPlain({ type }: Node): boolean {
  return type === 'Property';
}

/** Where the test itself ends the mock. */
function endOfMock(file: FileModel, body: Node, enable: Call): number {
  for (const reset of within(file.tree.callsNamed('reset'), body)) {
    const isAfter = reset.range[0] > enable.range[1];
    if (isAfter && isMockTimers(file, reset) && enclosingFunction(reset) === body) {
      return reset.range[0];
    }
  }
  return body.range[1];
}

function isTimedUse({ acquisitions }: FileModel, { callee }: Call): boolean {
  const method = bare(callee);
  if (method.type !== 'MemberExpression' || !TIMED.has(nameOf(method) ?? '')) return false;
  return POOLED.has(acquisitions.resourceOf(method.object)?.kind ?? '');
}
