/** Acquires by `use(t, …)` of savepoint: released once, awaited, last in first out. */
import { RESOURCES } from '@savepoint/catalogue';
import type { Edit } from '../define-rule.ts';
import { isInside, type FunctionNode, type Node } from '../model/ast.ts';
import type { FileModel } from '../model/file-model.ts';
import type { Fixture } from '../model/fixtures.ts';
import { makeAsynchronous } from './asynchrony.ts';
import { contextOf, isStatementOf } from './context.ts';
import {
  heldBy,
  isMentionedBehind,
  isReleasedByCallback,
  releasedInlineBeside,
  releasesIn,
  type Held,
} from './held.ts';
import { exportNamed } from './imports.ts';
import { indentOf, indentUnit, newlineOf, removeStatement, statementOfCall } from './text.ts';

/**
 * Hands a fixture to its test, together with all that the test releases in line: what is handed over
 * ends last in first out, but after what stays in line.
 */
export function acquireByUse(file: FileModel, fixture: Fixture): Edit[] | undefined {
  const { frame } = fixture;
  if (frame.is !== 'test') return undefined;
  const all = new Set([fixture, ...releasedInlineBeside(file, fixture)]);
  const held = [...all].map((each) => heldBy(file, each));
  const context = contextOf(file, frame, fixture.acquiredAt);
  const use = exportNamed(file, 'savepoint', 'use', fixture.acquiredAt);
  const asynchronous = makeAsynchronous(file, frame.fn);
  if (!context || !use || !asynchronous) return undefined;
  const edits: Edit[] = [...asynchronous, ...context.edits, ...use.edits];
  for (const each of held) {
    const handing = each && handOver(file, each, held, frame.fn, [use.name, context.name]);
    if (!handing) return undefined;
    edits.push(...handing);
  }
  return edits;
}

function handOver(
  file: FileModel,
  one: Held,
  others: readonly (Held | undefined)[],
  fn: FunctionNode,
  [use, t]: readonly [string, string],
): Edit[] | undefined {
  const { statement, lender, value } = one;
  if (!isStatementOf(statement, fn)) return undefined;
  // What is handed over ends after the hooks: too late for a client of a pool that a hook ends.
  const isLentHere = lender?.identifiers.some((identifier) => isInside(identifier, fn)) ?? false;
  if (isLentHere && !others.some((other) => other?.variable === lender)) return undefined;
  const removed = withoutRelease(file, one);
  if (!removed) return undefined;
  const acquire = value.type === 'AwaitExpression' ? value.argument : value;
  const waits = /\bawait\b/.test(file.source.getText(acquire));
  const release = releaseArgument(one);
  const [gap, close] = release === undefined ? ['', ''] : argumentGaps(file, statement);
  const [start, end] = value.range;
  return [
    {
      range: [start, acquire.range[0]],
      text: `await ${use}(${gap}${t},${gap || ' '}${waits ? 'async ' : ''}() => `,
    },
    { range: [end, end], text: release === undefined ? ')' : `,${gap || ' '}${release}${close})` },
    ...removed,
  ];
}

/** What stands in front of each argument and behind the last, as prettier sets several functions. */
function argumentGaps(file: FileModel, statement: Node): [string, string] {
  const indent = indentOf(file, statement);
  if (indent === undefined) return ['', ''];
  const newline = newlineOf(file);
  return [newline + indent + indentUnit(file), `,${newline}${indent}`];
}

/** Takes the one statement away that releases it in line. */
function withoutRelease(file: FileModel, held: Held): Edit[] | undefined {
  if (held.fixture.lifetime.release.is === 'absent') return [];
  const [call, ...others] = releasesIn(file, held);
  const statement = call && others.length === 0 ? statementOfCall(call) : undefined;
  if (!statement || isMentionedBehind(file, held.variable, statement)) return undefined;
  return [removeStatement(file, statement)];
}

/** The methods that `use` finds by itself. */
const FOUND = new Set(['end', 'close', 'destroy']);

/** `use` ends a client's connection, where the pool wants it back. */
function releaseArgument({ resource, variable }: Held): string | undefined {
  const [method = ''] = resource.releasedBy;
  const isKnown = resource.row === undefined || RESOURCES.includes(resource.row);
  if (resource.kind !== 'client' && isKnown && FOUND.has(method)) return undefined;
  const call = `${variable.name}.${method}`;
  return isReleasedByCallback(resource)
    ? `(${variable.name}) => new Promise((resolve) => ${call}(resolve))`
    : `(${variable.name}) => ${call}()`;
}
