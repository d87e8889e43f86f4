/** Acquires by `use(t, …)` of savepoint: released once, awaited, last in first out. */
import { RESOURCES } from '@savepoint/catalogue';
import type { Edit } from '../define-rule.ts';
import { isInside, type FunctionNode } from '../model/ast.ts';
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
import {
  indentOf,
  indentUnit,
  moveDeeper,
  newlineOf,
  removeStatement,
  statementOfCall,
} from './text.ts';

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
  const { statement, lender } = one;
  if (!isStatementOf(statement, fn)) return undefined;
  // What is handed over ends after the hooks: too late for a client of a pool that a hook ends.
  const isLentHere = lender?.identifiers.some((identifier) => isInside(identifier, fn)) ?? false;
  if (isLentHere && !others.some((other) => other?.variable === lender)) return undefined;
  const removed = withoutRelease(file, one);
  if (!removed) return undefined;
  return [...wrapInUse(file, one, [use, t]), ...removed];
}

/** `await use(t, () => value, release)`, on as many lines as prettier would take. */
function wrapInUse(file: FileModel, one: Held, [use, t]: readonly [string, string]): Edit[] {
  const { statement, value } = one;
  const acquire = value.type === 'AwaitExpression' ? value.argument : value;
  const text = file.source.getText(acquire);
  const waits = /\bawait\b/.test(text) ? 'async ' : '';
  const release = releaseArgument(one);
  const indent = indentOf(file, statement);
  const newline = newlineOf(file) + (indent ?? '');
  const deeper = newline + indentUnit(file);
  const isLong = indent !== undefined && text.includes('\n');
  const isListed = indent !== undefined && release !== undefined;
  const list = isListed ? deeper : '';
  const first = !isLong ? ' ' : isListed ? deeper + indentUnit(file) : deeper;
  const last = isListed
    ? `${deeper}${release},${newline})`
    : release
      ? ` ${release})`
      : `${newline})`;
  const [[start], [from, to]] = [value.range, acquire.range];
  const opening: Edit = {
    range: [start, from],
    text: `await ${use}(${list}${t},${list || ' '}${waits}() =>${first}`,
  };
  const closing = release === undefined && !isLong ? ')' : `,${last}`;
  const lines = isLong ? moveDeeper(file, [from, to], isListed ? 2 : 1) : [];
  return [opening, ...lines, { range: [to, value.range[1]], text: closing }];
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
  const isKnown = resource.row === undefined || RESOURCES.some((row) => row === resource.row);
  if (resource.kind !== 'client' && isKnown && FOUND.has(method)) return undefined;
  const call = `${variable.name}.${method}`;
  return isReleasedByCallback(resource)
    ? `(${variable.name}) => new Promise((resolve) => ${call}(resolve))`
    : `(${variable.name}) => ${call}()`;
}
