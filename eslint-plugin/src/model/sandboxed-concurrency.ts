/** What a test asks of its sandbox, and only several real connections can give: isolation, locks. */
import { enclosingFunction } from './ast.ts';
import { expectedFailureOf } from './expected-failures.ts';
import type { FileModel } from './file-model.ts';
import { sandboxedAt, type Sandbox } from './sandboxes.ts';
import { sendingsOf, type Sending } from './statements.ts';

export interface SandboxedConcurrency {
  readonly sending: Sending;
  /** - `isolation`: a level of its own; `lock`: a lock against another client of the sandbox. */
  readonly is: 'isolation' | 'lock';
  readonly sandbox: Sandbox;
}

const LEVEL =
  /^(begin|start transaction|set transaction|set session characteristics)\b.*\b(serializable|repeatable read)\b|^set transaction snapshot\b|\bpg_export_snapshot\(/;
const LOCK = /\bfor (no key update|update|key share|share)\b/;

export function sandboxedConcurrency(file: FileModel): SandboxedConcurrency[] {
  const asked = sendingsOf(file).filter(
    ({ node, statements }) =>
      statements.some((statement) => LEVEL.test(statement) || LOCK.test(statement)) &&
      !expectedFailureOf(file, node),
  );
  const sandboxed = asked.flatMap((sending) => {
    const sandbox = sandboxedAt(file, sending.through)?.sandbox;
    return sandbox && sandbox.database !== 'SQLite' ? [{ sending, sandbox }] : [];
  });
  return sandboxed.flatMap(({ sending, sandbox }): SandboxedConcurrency[] => {
    if (sending.statements.some((statement) => LEVEL.test(statement))) {
      return [{ sending, is: 'isolation', sandbox }];
    }
    return sandboxed.some((other) => locksBefore(file, other.sending, sending))
      ? [{ sending, is: 'lock', sandbox }]
      : [];
  });
}

/** By another client of the same sandbox, in the same function. */
function locksBefore(file: FileModel, other: Sending, sending: Sending): boolean {
  const [one, two] = [other, sending].map(({ through }) => sandboxedAt(file, through));
  return (
    one?.is === 'client' &&
    two?.is === 'client' &&
    one.sandbox.opened === two.sandbox.opened &&
    file.variables.of(other.through) !== file.variables.of(sending.through) &&
    other.statements.some((statement) => LOCK.test(statement)) &&
    enclosingFunction(other.node) === enclosingFunction(sending.node) &&
    other.node.range[0] < sending.node.range[0]
  );
}
