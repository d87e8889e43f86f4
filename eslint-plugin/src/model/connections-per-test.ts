/**
 * Connections that a `beforeEach` opens, by themselves or by a plugin of an app: one for the file would
 * do. A pool is more than that, and no matter of this file.
 */
import { bare, isCall, isFunction, type Call, type FunctionNode, type Node } from './ast.ts';
import type { FileModel } from './file-model.ts';
import type { Fixture } from './fixtures.ts';
import { groupBy } from './group-by.ts';
import type { Reading } from './reading.ts';
import { within } from './tree.ts';

/** Plugins that connect to a database when their app starts. */
const CONNECTING: ReadonlySet<string> = new Set([
  '@fastify/postgres',
  '@fastify/mysql',
  '@fastify/mongodb',
  '@fastify/redis',
]);

/** Those of each `beforeEach`, which are one matter. */
export function connectionsPerTest(file: FileModel): Iterable<readonly Fixture[]> {
  const byHook = groupBy([...file.ofKind('connection'), ...file.ofKind('app')], ({ frame }) =>
    frame.is === 'hook' && frame.hook === 'beforeEach' ? frame.fn : undefined,
  );
  return [...byHook].flatMap(([hook, fixtures]) => {
    if (!hook) return [];
    const connecting = fixtures.filter(
      ({ lifetime }) => lifetime.kind === 'connection' || connectsByPlugin(file, hook),
    );
    return connecting.length > 0 ? [connecting] : [];
  });
}

function connectsByPlugin(file: FileModel, hook: FunctionNode): boolean {
  for (const call of within(file.tree.callsNamed('register'), hook)) {
    if (isConnecting(file, call)) return true;
  }
  return false;
}

function isConnecting(file: FileModel, { arguments: [plugin] }: Call): boolean {
  const origin = plugin && file.originOf(unwrapped(plugin));
  if (origin?.from !== 'module') return false;
  if (CONNECTING.has(origin.module)) return true;
  const found = file.project.exportOf(origin);
  return found !== undefined && opensConnection(found.reading, unwrapped(found.node));
}

/** The plugin in `fp(plugin)`. */
function unwrapped(node: Node): Node {
  const value = bare(node);
  const [first] = isCall(value) ? value.arguments : [];
  return first ? bare(first) : value;
}

function opensConnection({ variables, tree, acquisitions }: Reading, plugin: Node): boolean {
  const variable = variables.of(plugin);
  const fn = isFunction(plugin) ? plugin : variable && variables.functionOf(variable);
  if (!fn) return false;
  for (const call of within(tree.calls, fn.body)) {
    const kind = acquisitions.of(call)?.resource.kind;
    if (kind === 'pool' || kind === 'connection') return true;
  }
  return false;
}
