/** The repairs of a fixture that is never released, or by a statement that an earlier throw skips. */
import type { Edit, Suggestion } from '../define-rule.ts';
import type { FileModel } from '../model/file-model.ts';
import type { Fixture } from '../model/fixtures.ts';
import { releaseInFinally } from './finally.ts';
import { heldBy, isMentionedBehind, releasedInlineBeside, releasesIn } from './held.ts';
import { prefersRuntime } from './idiom.ts';
import { registerRelease } from './registration.ts';
import { removeStatement, statementOfCall } from './text.ts';
import { acquireByUse } from './use.ts';

/** Ways to release it on every path, the best first. */
export function releaseRepairs(file: FileModel, fixture: Fixture): Suggestion[] {
  const byUse = prefersRuntime(file) ? acquireByUse(file, fixture) : undefined;
  const inHook = releaseInHook(file, fixture);
  const inFinally = inHook && !isLent(fixture) ? undefined : finallyOf(file, fixture);
  return [
    ...suggestion('acquireByUse', fixture, byUse),
    ...suggestion('releaseInFinally', fixture, inFinally),
    ...suggestion('registerRelease', fixture, inHook),
  ];
}

function suggestion(messageId: string, { name }: Fixture, edits?: readonly Edit[]): Suggestion[] {
  return edits ? [{ messageId, data: { resource: name }, edits }] : [];
}

function isLent({ lifetime }: Fixture): boolean {
  return lifetime.kind === 'client';
}

function finallyOf(file: FileModel, fixture: Fixture): Edit[] | undefined {
  const held = heldBy(file, fixture);
  return held && releaseInFinally(file, held);
}

/** Registers the release, in place of the one that may be skipped. */
function releaseInHook(file: FileModel, fixture: Fixture): Edit[] | undefined {
  const registered = registerRelease(file, fixture);
  if (!registered || fixture.lifetime.release.is === 'absent') return registered;
  const held = heldBy(file, fixture);
  const [call, ...others] = held ? releasesIn(file, held) : [];
  const statement = call && others.length === 0 ? statementOfCall(call) : undefined;
  if (!held || !statement || isMentionedBehind(file, held.variable, statement)) return undefined;
  // Hooks run after what stays in line, and in the order they are registered.
  if (releasedInlineBeside(file, fixture).length > 1) return undefined;
  return [...registered, removeStatement(file, statement)];
}
