/**
 * Clients of a pool that are given back twice, used when they are back, or ended by who borrowed them;
 * connections that are opened a second time.
 */
import type { TSESTree } from '@typescript-eslint/utils';
import { bare, enclosingFunction, methodCallOn, outer, statementOf, type Node } from './ast.ts';
import { expectedFailureOf } from './expected-failures.ts';
import type { FileModel } from './file-model.ts';
import type { Frame } from './frames.ts';
import { groupBy } from './group-by.ts';
import { methodCalls, type MethodCall } from './method-calls.ts';
import { isStatement, leadsTo } from './paths.ts';
import { within } from './tree.ts';
import { isPostgresClient, lenderOf } from './transactions.ts';
import type { Variable } from './variables.ts';

export interface ClientMisuse {
  /**
   * - `twice`: released, and released again.
   * - `used`: a statement is sent through it after its release.
   * - `ended`: closed under its pool, and never released.
   * - `reconnected`: opened, and opened again.
   * - `connectedEach`: opened before each test, and made once.
   */
  readonly is: 'twice' | 'used' | 'ended' | 'reconnected' | 'connectedEach';
  readonly call: TSESTree.CallExpression;
  readonly client: Variable;
  /** What was done before, and is enough: the first release, the first `connect()`, where it is made. */
  readonly first: Node;
  readonly lender?: Variable | undefined;
}

export function* clientMisuses(file: FileModel): Iterable<ClientMisuse> {
  // A client is borrowed or connected by one of these: `end` and `release` alone are of many things.
  if (file.tree.callsNamed('connect', 'reserve', 'getConnection').length === 0) return;
  const releases = callsByVariable(file, 'release');
  for (const [client, calls] of releases) {
    if (!lenderNamed(file, client)) continue;
    yield* releasedTwice(client, calls);
    yield* usedReleased(file, client, calls);
  }
  for (const [client, calls] of callsByVariable(file, 'end')) {
    if (!releases.has(client)) yield* endedUnreleased(file, client, calls);
  }
  for (const [client, calls] of callsByVariable(file, 'connect')) {
    yield* connectedAgain(file, client, calls);
  }
}

type MethodsOf = ReadonlyMap<Variable, readonly TSESTree.CallExpression[]>;

/** The calls of a method on variables that are given one value, in the order of the text. */
function callsByVariable(file: FileModel, method: string): MethodsOf {
  const asked = methodCalls(file, method).flatMap((found) => askedOf(file, found));
  const groups = groupBy(asked, ({ variable }) => variable);
  return new Map([...groups].map(([variable, all]) => [variable, all.map(({ call }) => call)]));
}

function askedOf({ variables }: FileModel, { call, callee }: MethodCall) {
  const variable = variables.of(bare(callee.object));
  const isOne = variable !== undefined && variables.onlyValue(variable) !== undefined;
  return isOne && call.type === 'CallExpression' ? [{ call, variable }] : [];
}

/** The pool that the one value of a variable was borrowed from. */
function lenderNamed(file: FileModel, client: Variable): Variable | undefined {
  const [identifier] = client.identifiers;
  return identifier && lenderOf(file, identifier);
}

function* releasedTwice(
  client: Variable,
  calls: readonly TSESTree.CallExpression[],
): Iterable<ClientMisuse> {
  for (const [index, call] of calls.entries()) {
    if (!isStatement(call)) continue;
    const first = calls.slice(0, index).findLast((earlier) => leadsTo(earlier, call));
    if (first) yield { is: 'twice', call, client, first };
  }
}

function* usedReleased(
  file: FileModel,
  client: Variable,
  releases: readonly TSESTree.CallExpression[],
): Iterable<ClientMisuse> {
  for (const { identifier } of file.variables.references(client)) {
    const asked = methodCallOn(identifier);
    if (asked?.name !== 'query' || isExpectedToFail(file, asked.call)) continue;
    const first = releases.findLast((release) => leadsTo(release, asked.call));
    if (first) yield { is: 'used', call: asked.call, client, first };
  }
}

function* endedUnreleased(
  file: FileModel,
  client: Variable,
  calls: readonly TSESTree.CallExpression[],
): Iterable<ClientMisuse> {
  const [identifier] = client.identifiers;
  const [call] = calls;
  const lender = lenderNamed(file, client);
  if (!identifier || !call || !lender || !isPostgresClient(file, identifier)) return;
  // Whoever else has it may release it.
  const isKept = file.variables
    .references(client)
    .every(({ identifier: use }) => use === identifier || methodCallOn(use));
  if (isKept) yield { is: 'ended', call, client, first: identifier, lender };
}

function* connectedAgain(
  file: FileModel,
  client: Variable,
  calls: readonly TSESTree.CallExpression[],
): Iterable<ClientMisuse> {
  const [identifier] = client.identifiers;
  const made = identifier && file.variables.onlyValue(client);
  if (!made || !isPostgresConnection(file, identifier)) return;
  const plain = calls.filter((call) => isStatement(call) && !isExpectedToFail(file, call));
  for (const [index, call] of plain.entries()) {
    const frame = file.frames.frameOf(call);
    const first = plain.slice(0, index).find((earlier) => runsBefore(file, earlier, call, made));
    if (first) yield { is: 'reconnected', call, client, first };
    else if (isMadeAround(file, made, frame) && isForSeveralTests(file, call, frame)) {
      yield { is: 'connectedEach', call, client, first: made };
    }
  }
}

/** A `new Client()` of `pg` itself, not one that a pool lends. */
function isPostgresConnection({ acquisitions }: FileModel, node: Node): boolean {
  const resource = acquisitions.resourceOf(node);
  return resource?.kind === 'connection' && resource.row?.module === 'pg';
}

/** In one function behind it, or in another test: both connect what is made around them. */
function runsBefore(file: FileModel, earlier: Node, later: Node, made: Node): boolean {
  if (enclosingFunction(earlier) === enclosingFunction(later)) return leadsTo(earlier, later);
  const frames = [earlier, later].map((call) => file.frames.frameOf(call));
  return (
    frames.every((frame) => frame.is === 'test' && isMadeAround(file, made, frame)) &&
    [earlier, later].every((call) => isInBodyOf(file, call))
  );
}

/** Whether the connection lives longer than the test or hook that connects it. */
function isMadeAround({ frames }: FileModel, made: Node, frame: Frame): boolean {
  const around = frames.frameOf(made);
  if (frame.is !== 'test' && frame.is !== 'hook') return false;
  return around.is === 'suite' || (around.is === 'file' && !enclosingFunction(made));
}

/** Directly in the function of its frame: no branch, no loop, no `try` decides about it. */
function isInBodyOf({ frames }: FileModel, call: Node): boolean {
  const frame = frames.frameOf(call);
  return frame.is !== 'file' && statementOf(call).parent === frame.fn.body;
}

/** In `beforeEach`, before more than one test. */
function isForSeveralTests(file: FileModel, call: Node, frame: Frame): boolean {
  if (frame.is !== 'hook' || frame.hook !== 'beforeEach' || !isInBodyOf(file, call)) return false;
  const served = file.frames.servedBy(frame.call);
  const around = served.is === 'file' ? file.source.ast : served.fn;
  let tests = 0;
  for (const each of within(file.tree.calls, around)) {
    if (file.frames.testCallOf(each)?.what.is === 'test' && ++tests > 1) return true;
  }
  return false;
}

/** Asserted, caught, or looked at as a promise. */
function isExpectedToFail(file: FileModel, call: Node): boolean {
  if (expectedFailureOf(file, call)) return true;
  const { parent } = outer(call);
  return parent?.type !== 'AwaitExpression' && !isStatement(call);
}
