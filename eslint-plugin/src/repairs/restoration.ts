/** The repairs of process-wide state that is changed and not put back on every path. */
import { RESOURCE_KINDS } from '@savepoint/catalogue';
import type { Edit, Suggestion } from '../define-rule.ts';
import { enclosingFunction, isCall, isInside, statementOf, type Node } from '../model/ast.ts';
import type { FileModel } from '../model/file-model.ts';
import { isSameFrame } from '../model/nesting.ts';
import type { Fixture } from '../model/fixtures.ts';
import { changedVariables } from './changed-state.ts';
import { statementsBehind, wrapAround } from './finally.ts';
import { prefersRuntime } from './idiom.ts';
import { exportNamed } from './imports.ts';
import { freshName } from './names.ts';
import { moveBehind } from './order.ts';
import { hookFor, registering, runsIn, statementOfHook } from './registration.ts';
import { changeByRuntime } from './runtime-state.ts';
import { insertAfter, insertBefore, type Line } from './text.ts';

/** Ways to put it back on every path, the best first. */
export function restoreRepairs(file: FileModel, fixture: Fixture): Suggestion[] {
  const byRuntime = prefersRuntime(file) ? changeByRuntime(file, fixture) : undefined;
  const isInline = fixture.lifetime.release.is === 'inline';
  return [
    ...suggestion('changeByRuntime', fixture, byRuntime),
    ...(isInline
      ? suggestion('restoreInFinally', fixture, restoreInFinally(file, fixture))
      : suggestion('registerRestore', fixture, registerRestore(file, fixture))),
  ];
}

function suggestion(
  messageId: string,
  { lifetime, name }: Fixture,
  edits: readonly Edit[] | undefined,
): Suggestion[] {
  const state = /^(environment|global|override)$/.test(lifetime.kind)
    ? `\`${name}\``
    : RESOURCE_KINDS[lifetime.kind].noun;
  return edits ? [{ messageId, data: { state }, edits }] : [];
}

/** Saves the state before it is changed, and registers its restore with the scope that changes it. */
function registerRestore(file: FileModel, fixture: Fixture): Edit[] | undefined {
  const { frame, acquiredAt } = fixture;
  const statement = statementOf(acquiredAt);
  if (statement.type !== 'ExpressionStatement' || !runsIn(frame, statement)) return undefined;
  const late = lateRestore(file, fixture);
  if (late) return moveBehind(file, acquiredAt, late);
  const around = frame.is === 'hook' ? statementOfHook(frame.call) : statement;
  const hook = around && hookFor(file, frame, around);
  const state = around && stateOf(file, fixture, around);
  if (!hook || !state) return undefined;
  const [save, restore] = [state.save, restoring(hook.name, state.restore)];
  const edits = [...hook.edits, ...state.edits];
  return frame.is === 'hook'
    ? [...edits, insertBefore(file, around, save), insertAfter(file, around, restore)]
    : [...edits, insertBefore(file, around, [...save, ...restore])];
}

/** The restore that is registered behind the change, of what was saved behind it too. */
function lateRestore(file: FileModel, { lifetime, acquiredAt }: Fixture): Node | undefined {
  if (lifetime.kind !== 'dispatcher') return undefined;
  const [save, restore] = statementsBehind(statementOf(acquiredAt));
  const isLate =
    save?.type === 'VariableDeclaration' &&
    /getGlobalDispatcher\(\)/.test(file.source.getText(save)) &&
    restore?.type === 'ExpressionStatement' &&
    /setGlobalDispatcher\(/.test(file.source.getText(restore));
  return isLate ? restore : undefined;
}

function restoring(hook: string, restore: readonly Line[]): Line[] {
  const [only = '', ...others] = restore;
  return others.length === 0
    ? [registering(hook, only)]
    : [`${hook}(() => {`, ...restore.map((line) => `\t${line}`), '});'];
}

/** How a piece of state is saved and put back: one expression, or several statements. */
interface State {
  readonly save: readonly Line[];
  readonly restore: readonly Line[];
  readonly edits: readonly Edit[];
}

function stateOf(file: FileModel, { lifetime, acquiredAt }: Fixture, at: Node): State | undefined {
  switch (lifetime.kind) {
    case 'environment':
      return variablesState(file, acquiredAt);
    case 'working-directory':
      return directoryState(file, acquiredAt);
    case 'dispatcher':
      return dispatcherState(file, acquiredAt, at);
    case 'global':
    case 'override':
      return globalState(file, acquiredAt);
    default:
      return undefined;
  }
}

/** Each variable that the change names is deleted again where it was not set. */
function variablesState(file: FileModel, change: Node): State | undefined {
  const variables = changedVariables(file, change).map(({ member, key }) => ({
    member,
    saved: freshName(file, `previous${pascalCase(key)}`),
  }));
  if (variables.length === 0) return undefined;
  return {
    save: variables.map(({ member, saved }) => `const ${saved} = ${member};`),
    restore: variables.flatMap(({ member, saved }) => [
      `if (${saved} === undefined) delete ${member};`,
      `else ${member} = ${saved};`,
    ]),
    edits: [],
  };
}

function pascalCase(name: string): string {
  return name
    .split(/[^A-Za-z0-9]+/)
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1).toLowerCase())
    .join('');
}

function globalState(file: FileModel, change: Node): State | undefined {
  if (change.type !== 'AssignmentExpression') return undefined;
  const target = file.source.getText(change.left);
  const saved = freshName(
    file,
    `previous${/(\w*)\W*$/.exec(target)?.[1]?.replace(/^./, upper) ?? ''}`,
  );
  return {
    save: [`const ${saved} = ${target};`],
    restore: [`(${target} = ${saved})`],
    edits: [],
  };
}

function upper(text: string): string {
  return text.toUpperCase();
}

function directoryState(file: FileModel, change: Node): State | undefined {
  const called = calleeOf(file, change, 'chdir');
  if (called === undefined) return undefined;
  const saved = freshName(file, 'previousDirectory');
  // Whoever has `chdir` by its bare name still has `process`.
  const cwd = called.replace(/chdir$/, 'cwd');
  return {
    save: [`const ${saved} = ${cwd.includes('.') ? cwd : 'process.cwd'}();`],
    restore: [`${called}(${saved})`],
    edits: [],
  };
}

function dispatcherState(file: FileModel, change: Node, at: Node): State | undefined {
  const set = calleeOf(file, change, 'setGlobalDispatcher');
  if (set === undefined) return undefined;
  const get = set.includes('.')
    ? { name: set.replace(/setGlobalDispatcher$/, 'getGlobalDispatcher'), edits: [] }
    : exportNamed(file, 'undici', 'getGlobalDispatcher', at);
  const saved = freshName(file, 'previousDispatcher');
  return (
    get && {
      save: [`const ${saved} = ${get.name}();`],
      restore: [`${set}(${saved})`],
      edits: get.edits,
    }
  );
}

function calleeOf(file: FileModel, change: Node, name: string): string | undefined {
  const callee = isCall(change) ? file.source.getText(change.callee) : '';
  return callee.endsWith(name) ? callee : undefined;
}

/** Puts everything that the frame changes and restores in line back in one `finally`. */
function restoreInFinally(file: FileModel, { frame, acquiredAt }: Fixture): Edit[] | undefined {
  const own = statementOf(acquiredAt);
  const changes = [
    ...file.withFault('no-unrestored-process-state'),
    ...file.withFault('no-unrestored-dispatcher'),
    ...file.withFault('no-unrestored-global'),
  ].filter(
    (other) =>
      other.lifetime.release.is === 'inline' &&
      isSameFrame(other.frame, frame) &&
      statementOf(other.acquiredAt).parent === own.parent,
  );
  const [first] = changes
    .map((change) => statementOf(change.acquiredAt))
    .sort((a, b) => a.range[0] - b.range[0]);
  if (!first || enclosingFunction(first) === undefined) return undefined;
  const behind = statementsBehind(first);
  const restores = changes.flatMap(({ releasedAt }) => {
    const at = behind.findIndex((each) => releasedAt && isInside(releasedAt, each));
    return at < 0 ? [] : [at];
  });
  if (restores.length < changes.length) return undefined;
  const [from, to] = [Math.min(...restores), Math.max(...restores)];
  return wrapAround(file, first, behind.slice(0, from), behind.slice(from, to + 1));
}
