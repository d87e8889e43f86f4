/**
 * Pools that nobody listens to and whose idle connections the file itself has the server end: it drops
 * their database, terminates them, or stops the server, before the pool has ended.
 */
import {
  bare,
  isCall,
  methodCallOn,
  rootOf,
  statementOf,
  textOf,
  type Call,
  type Node,
} from './ast.ts';
import type { FileModel } from './file-model.ts';
import type { Frame } from './frames.ts';
import { methodCalls } from './method-calls.ts';
import { isSameFrame } from './nesting.ts';
import type { Place } from './placement.ts';
import { sendingsOf } from './statements.ts';
import type { Variable } from './variables.ts';

export interface LostConnection {
  readonly pool: Variable;
  /** `new Pool(…)`. */
  readonly made: Call;
  /** What ends its connections. */
  readonly loss: Node;
}

/** What ends connections, and the expressions that say whose. */
interface Loss {
  readonly node: Node;
  readonly named: readonly Node[];
}

export function* lostConnections(file: FileModel): Iterable<LostConnection> {
  const pools = file.tree.callsNamed('Pool');
  if (pools.length === 0) return;
  const losses = [...endedByStatements(file), ...endedWithServer(file)];
  if (losses.length === 0) return;
  for (const call of pools) {
    const acquisition = file.acquisitions.of(call);
    if (acquisition?.holder.is !== 'variable' || !isOfPg(acquisition.resource.row?.module))
      continue;
    const pool = acquisition.holder.variable;
    const { places, custody } = file.releases.fateOf(pool, acquisition.resource);
    if (custody !== 'kept' || places.length === 0 || isHeard(file, pool)) continue;
    const loss = losses.find(
      (each) => isOf(file, each, pool, call) && comesFirst(file, each.node, call, places),
    );
    if (loss) yield { pool, made: call, loss: loss.node };
  }
}

function isOfPg(module: string | undefined): boolean {
  return module === 'pg' || module === 'pg-pool';
}

/** DROP DATABASE with force; pg_terminate_backend. */
function endedByStatements(file: FileModel): Loss[] {
  if (!/pg_terminate_backend|drop\s+database/i.test(file.source.text)) return [];
  return sendingsOf(file).flatMap(({ node, statements }) =>
    isCall(node) && statements.some(endsConnections) ? [{ node, named: node.arguments }] : [],
  );
}

function endsConnections(statement: string): boolean {
  return /\bpg_terminate_backend\b|^drop database\b.*\bforce\b/.test(statement);
}

/** `container.stop()`, of a server that the file started. */
function endedWithServer(file: FileModel): Loss[] {
  return methodCalls(file, 'stop').flatMap(({ call, callee }) => {
    const container = bare(callee.object);
    const kind = file.acquisitions.resourceOf(container)?.kind;
    return kind === 'container' ? [{ node: call, named: [container] }] : [];
  });
}

function isHeard({ variables }: FileModel, pool: Variable): boolean {
  return variables.references(pool).some(({ identifier }) => {
    const method = methodCallOn(identifier);
    if (!method || !/^(on|once|addListener|prependListener)$/.test(method.name)) return false;
    const [event] = method.call.arguments;
    return event === undefined || (textOf(event) ?? 'error') === 'error';
  });
}

/** Whether what is lost is the pool's: a name that both are given, or a process that the pool told of. */
function isOf(file: FileModel, { node, named }: Loss, pool: Variable, made: Call): boolean {
  const callee = isCall(node) ? bare(node.callee) : undefined;
  if (callee?.type === 'MemberExpression' && file.variables.of(rootOf(callee.object)) === pool) {
    return false;
  }
  // A process was asked for its number; a name was put together from what the pool is made of, too.
  if (named.some((each) => mentionedIn(file, each, 1, () => true).has(pool))) return true;
  const lost = new Set(named.flatMap((each) => [...mentionedIn(file, each, 2, isNoAnswer)]));
  return made.arguments.some((each) =>
    [...mentionedIn(file, each, 2, isNoAnswer)].some((variable) => lost.has(variable)),
  );
}

/** What a connection answered is not made of what the connection is made of. */
function isNoAnswer(value: Node): boolean {
  return value.type !== 'AwaitExpression';
}

/**
 * The variables that an expression is made of, and what their first values are made of in turn, as far
 * as those are followed. What is called or imported says nothing about which database is meant.
 */
function mentionedIn(
  file: FileModel,
  expression: Node,
  depth: number,
  isFollowed: (value: Node) => boolean,
): Set<Variable> {
  const mentioned = new Set<Variable>();
  for (const identifier of file.variables.referringIn(expression)) {
    const variable = file.variables.of(identifier);
    const isCalled = isCall(identifier.parent) && identifier.parent.callee === identifier;
    if (variable?.defs[0]?.type !== 'Variable' || isCalled) continue;
    mentioned.add(variable);
    const [value] = depth > 0 ? (file.variables.values(variable) ?? []) : [];
    if (!value || !isFollowed(value.expression)) continue;
    for (const each of mentionedIn(file, value.expression, depth - 1, isFollowed)) {
      mentioned.add(each);
    }
  }
  return mentioned;
}

/** Whether the loss comes while the pool is open: in a test that does not end it, or in a hook before its end. */
function comesFirst(file: FileModel, loss: Node, made: Call, places: readonly Place[]): boolean {
  const frame = file.frames.frameOf(loss);
  const isEndedBefore = places.some(
    ({ node }) => node.range[0] < loss.range[0] && isSameFrame(file.frames.frameOf(node), frame),
  );
  if (isEndedBefore || loss.range[0] < made.range[0]) return false;
  if (frame.is === 'test') return true;
  return frame.is === 'hook' && places.some((place) => endsLater(file, place, frame, loss));
}

/** In the same hook behind the loss, or in a later hook of the same list. */
function endsLater(
  file: FileModel,
  { node }: Place,
  lossIn: Extract<Frame, { is: 'hook' }>,
  loss: Node,
): boolean {
  if (!lossIn.hook.startsWith('after') || node.range[0] < loss.range[1]) return false;
  const frame = file.frames.frameOf(node);
  if (frame.is !== 'hook' || statementOf(node) === statementOf(loss)) return false;
  if (frame.fn === lossIn.fn) return true;
  const served = [frame, lossIn].map(({ call }) => file.frames.servedBy(call));
  const [one, other] = served;
  return frame.hook === lossIn.hook && !!one && !!other && isSameFrame(one, other);
}
