/** Changes process-wide state through `savepoint/process`, which puts it back when the test ends. */
import type { ResourceKind } from '@savepoint/catalogue';
import type { Edit } from '../define-rule.ts';
import { bare, isCall, isInside, nameOf, statementOf, type Node } from '../model/ast.ts';
import type { FileModel } from '../model/file-model.ts';
import type { Fixture } from '../model/fixtures.ts';
import { changedVariable, isWholeEnvironment } from './changed-state.ts';
import { contextOf } from './context.ts';
import { exportNamed } from './imports.ts';
import { removeStatement } from './text.ts';

const FUNCTIONS: ReadonlyMap<ResourceKind, string> = new Map([
  ['environment', 'setEnv'],
  ['working-directory', 'chdir'],
]);

/** `setEnv(t, { … })` or `chdir(t, …)` in place of the change, and of what undoes it in line. */
export function changeByRuntime(file: FileModel, fixture: Fixture): Edit[] | undefined {
  const { frame, acquiredAt, lifetime } = fixture;
  const name = FUNCTIONS.get(lifetime.kind);
  if (!name || statementOf(acquiredAt).type !== 'ExpressionStatement') return undefined;
  const value = argumentOf(file, acquiredAt);
  if (value === undefined) return undefined;
  const removed = lifetime.release.is === 'inline' ? withoutRestore(file, fixture) : [];
  const context = contextOf(file, frame, acquiredAt);
  const change = context && exportNamed(file, 'savepoint/process', name, acquiredAt);
  if (!change || !removed) return undefined;
  const text = `${change.name}(${context.name}, ${value})`;
  return [...context.edits, ...change.edits, { range: acquiredAt.range, text }, ...removed];
}

function argumentOf(file: FileModel, change: Node): string | undefined {
  if (isCall(change)) {
    const [first, second, ...others] = change.arguments;
    if (!first || others.length > 0) return undefined;
    if (!second) return file.source.getText(first);
    const isText =
      second.type === 'ObjectExpression' &&
      second.properties.every(
        (property) => property.type === 'Property' && isString(file, property.value),
      );
    return isText ? file.source.getText(second) : undefined;
  }
  const target = changedVariable(change);
  if (!target || isWholeEnvironment(file, target)) return undefined;
  const key = target.computed
    ? `[${file.source.getText(target.property)}]`
    : (nameOf(target) ?? '');
  const value = change.type === 'AssignmentExpression' ? stringOf(file, change.right) : 'undefined';
  return `{ ${key}: ${value} }`;
}

/** A value as `process.env` would store it: `setEnv` takes nothing but strings. */
function stringOf(file: FileModel, node: Node): string {
  const text = file.source.getText(node);
  if (isString(file, node) || file.variables.isGlobal(bare(node), 'undefined')) return text;
  const value = bare(node);
  const isPlain = value.type === 'Literal' && /^(number|boolean)$/.test(typeof value.value);
  return isPlain ? `'${String(value.value)}'` : `String(${text})`;
}

/** Functions of these modules that are put into a variable answer strings. */
const TEXT_MODULES = new Set(['path', 'os', 'fs', 'url', 'crypto']);

function isString(file: FileModel, node: Node): boolean {
  const value = bare(node);
  switch (value.type) {
    case 'Literal':
      return typeof value.value === 'string';
    case 'TemplateLiteral':
      return true;
    case 'BinaryExpression':
      return value.operator === '+' && (isString(file, value.left) || isString(file, value.right));
    case 'Identifier': {
      const variable = file.variables.of(value);
      const given = variable && file.variables.values(variable);
      return (
        given !== undefined &&
        given.length > 0 &&
        given.every(({ expression, path }) => path.length === 0 && isString(file, expression))
      );
    }
    case 'CallExpression': {
      const origin = file.originOf(value.callee);
      return origin?.from === 'module' && TEXT_MODULES.has(origin.module);
    }
    default:
      return false;
  }
}

/** Takes away the statement that puts the state back, and the one that saved it for that. */
function withoutRestore(
  file: FileModel,
  { frame, acquiredAt, releasedAt }: Fixture,
): Edit[] | undefined {
  const restore = releasedAt && restoringStatement(releasedAt);
  if (!restore || frame.is === 'file') return undefined;
  const target = changedVariable(acquiredAt);
  const name = target && file.source.getText(target);
  const isElsewhere = [...file.tree.assignments, ...file.tree.deletions].some((write) => {
    const written = changedVariable(write);
    return (
      written &&
      write !== acquiredAt &&
      file.source.getText(written) === name &&
      isInside(write, frame.fn) &&
      !isInside(write, restore)
    );
  });
  if (isElsewhere) return undefined;
  const saving = savingStatement(file, restore);
  return [removeStatement(file, restore), ...(saving ? [removeStatement(file, saving)] : [])];
}

/** The statement of a restore; the `if` around it that asks whether there was a value. */
function restoringStatement(restore: Node): Node | undefined {
  const statement = statementOf(restore);
  if (statement.type !== 'ExpressionStatement') return undefined;
  const { parent } = statement;
  const isOnly = parent.type === 'BlockStatement' && parent.body.length === 1;
  const around: Node = isOnly ? parent.parent : parent;
  const whole = around.type === 'IfStatement' ? around : statement;
  return whole.parent.type === 'BlockStatement' ? whole : undefined;
}

/** `const previous = process.env.X;`, where nothing but the restore reads it. */
function savingStatement(file: FileModel, restore: Node): Node | undefined {
  const variables = new Set(
    [...file.variables.referringIn(restore)].flatMap(
      (identifier) => file.variables.of(identifier) ?? [],
    ),
  );
  for (const variable of variables) {
    const [definition] = variable.defs;
    const declaration = definition?.node.parent;
    if (declaration?.type !== 'VariableDeclaration' || declaration.declarations.length > 1)
      continue;
    const isOnlyRestored = file.variables
      .references(variable)
      .every((reference) => reference.isWrite() || isInside(reference.identifier, restore));
    if (isOnlyRestored && declaration.parent.type === 'BlockStatement') return declaration;
  }
  return undefined;
}
