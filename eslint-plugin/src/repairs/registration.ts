/**
 * Registers code to run when the scope of a fixture ends: `t.after` in a test, `after` in a file or
 * suite, `after` and `afterEach` beside the hook that acquires.
 */
import type { Edit } from '../define-rule.ts';
import { bare, isInside, methodCallOn, statementOf, type Node } from '../model/ast.ts';
import type { FileModel } from '../model/file-model.ts';
import { isSameFrame } from '../model/nesting.ts';
import type { Fixture } from '../model/fixtures.ts';
import type { Frame, TestCall } from '../model/frames.ts';
import { perFile } from '../model/per-file.ts';
import type { Variable } from '../model/variables.ts';
import { contextOf, isStatementOf } from './context.ts';
import { heldBy, releaseOf, type Held } from './held.ts';
import { exportNamed, type Named } from './imports.ts';
import { insertAfter, insertBefore, type Line } from './text.ts';

/** A hook that runs for what a frame is, as code at `at` can call it: `t.after`, `after`, `suite.after`. */
export function hookFor(file: FileModel, frame: Frame, at: Node): Named | undefined {
  switch (frame.is) {
    case 'file':
    case 'suite':
      return exportNamed(file, 'node:test', 'after', at);
    case 'hook':
      return counterpartOf(file, frame.call);
    case 'test': {
      const context = contextOf(file, frame, at);
      // Called in the body of a test, the imported `after` belongs to that test.
      return context ? hookOn(context) : exportNamed(file, 'node:test', 'after', at);
    }
    case 'helper': {
      const context = contextOf(file, frame, at);
      return context && hookOn(context);
    }
  }
}

function hookOn({ name, edits }: Named): Named {
  return { name: `${name}.after`, edits };
}

/** `after` for `before`, `afterEach` for `beforeEach`, on what the hook was called on. */
function counterpartOf(file: FileModel, { what, call }: TestCall): Named | undefined {
  if (what.is !== 'hook' || !what.hook.startsWith('before')) return undefined;
  const name = what.hook.replace('before', 'after');
  const callee = bare(call.callee);
  return callee.type === 'MemberExpression'
    ? { name: `${file.source.getText(callee.object)}.${name}`, edits: [] }
    : exportNamed(file, 'node:test', name, call);
}

/** Whether the statement runs in the body of the frame itself. */
export function runsIn(frame: Frame, statement: Node): boolean {
  return frame.is === 'file'
    ? statement.parent?.type === 'Program'
    : isStatementOf(statement, frame.fn);
}

/** A hook's call as a whole statement; undefined when it is part of more. */
export function statementOfHook({ call }: TestCall): Node | undefined {
  const statement = statementOf(call);
  return statement.type === 'ExpressionStatement' && bare(statement.expression) === call
    ? statement
    : undefined;
}

/** Registers the release of a fixture with its own scope, right behind its acquisition. */
export function registerRelease(file: FileModel, fixture: Fixture): Edit[] | undefined {
  const held = heldBy(file, fixture);
  if (!held || !runsIn(fixture.frame, held.statement)) return undefined;
  const hook = hookFor(file, fixture.frame, held.statement);
  const lenderHook = hookOfLender(file, held);
  if (!hook) return undefined;
  if (fixture.frame.is !== 'hook') {
    const release = releaseOf(held);
    if (release === undefined || lenderHook) return undefined;
    return [...hook.edits, insertAfter(file, held.statement, [registering(hook.name, release)])];
  }
  const statement = statementOfHook(fixture.frame.call);
  const release = releaseOf(held, { maybe: mayBeSkipped(held) });
  if (!statement || release === undefined || !isInside(statement, held.variable.scope.block))
    return undefined;
  const lines = [registering(hook.name, release)];
  const edit = lenderHook
    ? insertBefore(file, lenderHook, lines)
    : insertAfter(file, statement, lines);
  return [...hook.edits, edit];
}

/** The hook in front of the acquisition that ends what lent it: hooks run in the order they are registered. */
function hookOfLender(file: FileModel, { lender, statement, fixture }: Held): Node | undefined {
  const [declared] = lender?.identifiers ?? [];
  if (!lender || !declared) return undefined;
  const { frames } = file;
  const served = fixture.frame.is === 'hook' ? frames.servedBy(fixture.frame.call) : fixture.frame;
  const hook = hooksThatEnd(file, lender, declared).find(
    (each) => each.call.range[0] < statement.range[0] && isSameFrame(frames.servedBy(each), served),
  );
  return hook && statementOfHook(hook);
}

const hooksByLender = perFile((): Map<Variable, readonly TestCall[]> => new Map());

/** The hooks that release what a variable holds: asked for each client of a pool, found once. */
function hooksThatEnd(file: FileModel, lender: Variable, declared: Node): readonly TestCall[] {
  const known = hooksByLender(file).get(lender);
  if (known) return known;
  const releasedBy = file.acquisitions.resourceOf(declared)?.releasedBy ?? [];
  const hooks = file.variables.references(lender).flatMap(({ identifier }) => {
    const method = methodCallOn(identifier);
    if (!method || !releasedBy.includes(method.name)) return [];
    const frame = file.frames.frameOf(method.call);
    return frame.is === 'hook' ? [frame.call] : [];
  });
  hooksByLender(file).set(lender, hooks);
  return hooks;
}

export function registering(hook: string, expression: string): Line {
  return `${hook}(() => ${expression});`;
}

/** Whether the hook can end without having acquired it. */
function mayBeSkipped({ statement, value }: Held): boolean {
  const body = statement.parent;
  const isFirst = body?.type === 'BlockStatement' && body.body[0] === statement;
  return !isFirst || value.type === 'AwaitExpression';
}
