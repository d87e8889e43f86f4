/** A fixture as its repair sees it: the statement that acquires it, who holds it, how it is released. */
import type { HazardId } from '@savepoint/catalogue';
import {
  enclosingFunction,
  isInside,
  methodCallOn,
  outerAwaited,
  statementOf,
  type FunctionNode,
  type Node,
} from '../model/ast.ts';
import type { FileModel } from '../model/file-model.ts';
import type { Fixture } from '../model/fixtures.ts';
import type { Knowledge } from '../model/knowledge.ts';
import { perFile } from '../model/per-file.ts';
import type { Variable } from '../model/variables.ts';

export interface Held {
  readonly fixture: Fixture;
  readonly variable: Variable;
  readonly resource: Knowledge;
  /** The pool of a client. */
  readonly lender: Variable | undefined;
  /** The statement that acquires it, and the value that it gives to the variable. */
  readonly statement: Node;
  readonly value: Node;
}

/** Undefined for a fixture that no variable holds, or that is acquired in the middle of other code. */
export function heldBy(file: FileModel, fixture: Fixture): Held | undefined {
  const { acquiredAt } = fixture;
  if (acquiredAt.type !== 'CallExpression' && acquiredAt.type !== 'NewExpression') return undefined;
  const acquisition = file.acquisitions.of(acquiredAt);
  if (acquisition?.holder.is !== 'variable') return undefined;
  const { holder, resource, lender } = acquisition;
  const value = valueAt(acquiredAt);
  const statement = statementOf(acquiredAt);
  if (!value || !/^(ExpressionStatement|VariableDeclaration)$/.test(statement.type))
    return undefined;
  if (!/^(Program|BlockStatement)$/.test(statement.parent?.type ?? '')) return undefined;
  return { fixture, variable: holder.variable, resource, lender, statement, value };
}

/** What a variable is given at the end of the calls that hang on the acquisition. */
function valueAt(acquiredAt: Node): Node | undefined {
  let at = outerAwaited(acquiredAt);
  for (let method = methodCallOn(at); method; method = methodCallOn(at))
    at = outerAwaited(method.call);
  const { parent } = at;
  const isValue =
    (parent?.type === 'VariableDeclarator' &&
      parent.init === at &&
      parent.id.type === 'Identifier') ||
    (parent?.type === 'AssignmentExpression' && parent.right === at);
  return isValue ? at : undefined;
}

/** The code that releases it, as an expression; a promise where releasing takes time. */
export function releaseOf(
  { resource, variable }: Held,
  { maybe = false } = {},
): string | undefined {
  const [method] = resource.releasedBy;
  if (method === undefined) return undefined;
  const call = `${variable.name}${maybe ? '?.' : '.'}${method}`;
  return isReleasedByCallback(resource)
    ? `new Promise((resolve) => ${call}(resolve))`
    : `${call}()`;
}

/** A server tells a callback when it is closed. */
export function isReleasedByCallback({ kind, asynchronous }: Knowledge): boolean {
  return kind === 'server' && !asynchronous;
}

export function takesTime(resource: Knowledge): boolean {
  return resource.asynchronous || isReleasedByCallback(resource);
}

/** The calls in the same function, hooks within it aside, that release it. */
export function releasesIn(file: FileModel, { resource, variable, statement }: Held): Node[] {
  const fn = enclosingFunction(statement);
  return file.variables.references(variable).flatMap(({ identifier }) => {
    const method = methodCallOn(identifier);
    return method && resource.releasedBy.includes(method.name) && fn && isInside(identifier, fn)
      ? [method.call]
      : [];
  });
}

/** Whether code within a node says the variable. */
export function isMentioned(file: FileModel, variable: Variable, within: Node): boolean {
  return file.variables.references(variable).some(({ identifier }) => isInside(identifier, within));
}

/** Whether the function goes on to say the variable behind a statement. */
export function isMentionedBehind(file: FileModel, variable: Variable, statement: Node): boolean {
  const fn = enclosingFunction(statement);
  return file.variables
    .references(variable)
    .some(
      ({ identifier }) =>
        identifier.range[0] >= statement.range[1] && (!fn || isInside(identifier, fn)),
    );
}

const RELEASED_INLINE = [
  'no-inline-teardown',
  'require-client-release',
] as const satisfies HazardId[];

/** By function: what is released in line there, in the order of the text. */
const releasedInline = perFile((file): ReadonlyMap<FunctionNode, readonly Fixture[]> => {
  const fixtures = new Map<FunctionNode, Fixture[]>();
  for (const fixture of new Set(RELEASED_INLINE.flatMap((id) => file.withFault(id)))) {
    const { frame, lifetime } = fixture;
    if (frame.is === 'file' || lifetime.release.is !== 'inline') continue;
    const known = fixtures.get(frame.fn) ?? [];
    fixtures.set(frame.fn, [...known, fixture]);
  }
  for (const all of fixtures.values()) {
    all.sort((a, b) => a.acquiredAt.range[0] - b.acquiredAt.range[0]);
  }
  return fixtures;
});

/** Everything of the fixture's frame that a statement in line releases, itself included. */
export function releasedInlineBeside(file: FileModel, { frame }: Fixture): readonly Fixture[] {
  return (frame.is === 'file' ? undefined : releasedInline(file).get(frame.fn)) ?? [];
}
