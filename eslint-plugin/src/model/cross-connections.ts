/** Connections that a test opens beside its sandbox, to the database in which the sandbox is. */
import { isCall, outer, type Call, type Node } from './ast.ts';
import type { FileModel } from './file-model.ts';
import type { Frame } from './frames.ts';
import { methodCalls } from './method-calls.ts';
import { sandboxedAt } from './sandboxes.ts';

export interface CrossConnection {
  /** `new pg.Client({ connectionString: await db.connectionString() })` */
  readonly made: Call;
  /** `db` */
  readonly fixture: Node;
  /** `db.rollback(t)` */
  readonly opened: Call;
}

export function* crossConnections(file: FileModel): Iterable<CrossConnection> {
  for (const { call, callee } of methodCalls(file, 'connectionString')) {
    const made = madeWith(file, call);
    const opened = made && sandboxAround(file, made, callee.object);
    if (made && opened) yield { made, fixture: callee.object, opened };
  }
}

/** The pool or connection that is given the address. */
function madeWith({ acquisitions }: FileModel, address: Node): Call | undefined {
  for (
    let at = outer(address).parent;
    at && !/Statement$|Declaration$/.test(at.type);
    at = at.parent
  ) {
    const kind = isCall(at) ? acquisitions.resourceOf(at)?.kind : undefined;
    if (isCall(at) && (kind === 'pool' || kind === 'connection')) return at;
  }
  return undefined;
}

/** The sandbox of this fixture in the same test, or in a hook that runs for each. */
function sandboxAround(file: FileModel, made: Call, fixture: Node): Call | undefined {
  const { frames, variables } = file;
  const variable = variables.of(fixture);
  const test = frames.frameOf(made);
  if (!variable || test.is !== 'test') return undefined;
  const opened = methodCalls(file, 'rollback').find(({ call, callee }) => {
    const isSame = variables.of(callee.object) === variable;
    return isSame && sandboxedAt(file, call) && servesTest(frames.frameOf(call), test);
  });
  return opened?.call;
}

function servesTest(frame: Frame, test: Extract<Frame, { is: 'test' | 'suite' }>): boolean {
  if (frame.is === 'test') return frame.fn === test.fn;
  return frame.is === 'hook' && frame.hook === 'beforeEach';
}
