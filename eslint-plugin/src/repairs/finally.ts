/** Wraps what stands between an acquisition and its release in `try`, and releases in `finally`. */
import type { Edit } from '../define-rule.ts';
import { enclosingFunction, isInside, type Node } from '../model/ast.ts';
import type { FileModel } from '../model/file-model.ts';
import { isWaitedFor } from '../model/placement.ts';
import { makeAsynchronous } from './asynchrony.ts';
import { isMentioned, releaseOf, releasesIn, takesTime, type Held } from './held.ts';
import { scopesOf } from './names.ts';
import { endOf, indentOf, indentUnit, moveDeeper, newlineOf, written, type Line } from './text.ts';

/** Releases on every path of the block that acquires. */
export function releaseInFinally(file: FileModel, held: Held): Edit[] | undefined {
  if (!isDeclaredBy(held)) return undefined;
  return held.fixture.lifetime.release.is === 'absent'
    ? addFinally(file, held)
    : moveToFinally(file, held);
}

/** Declared where it is acquired: nothing before can have left another one in it. */
function isDeclaredBy({ statement, variable }: Held): boolean {
  return (
    statement.type === 'VariableDeclaration' &&
    statement.declarations.some(({ id }) => id === variable.identifiers[0])
  );
}

function addFinally(file: FileModel, held: Held): Edit[] | undefined {
  const { statement, resource } = held;
  const fn = enclosingFunction(statement);
  const release = releaseOf(held);
  const waiting = fn && takesTime(resource) ? makeAsynchronous(file, fn) : [];
  const wrapped = wrap(file, statement, {
    body: statementsBehind(statement),
    release: [`${takesTime(resource) ? 'await ' : ''}${release ?? ''};`],
  });
  return release !== undefined && waiting && wrapped ? [...waiting, ...wrapped] : undefined;
}

function moveToFinally(file: FileModel, held: Held): Edit[] | undefined {
  const { statement, variable, resource } = held;
  const behind = statementsBehind(statement);
  const [call, ...others] = releasesIn(file, held);
  const at = behind.findIndex((each) => call && isInside(call, each));
  const own = behind[at];
  if (!own || !call || others.length > 0) return undefined;
  // What follows the release and still speaks of it, waits for it: `await once(server, 'close')`.
  const last = behind.findLastIndex((each) => isMentioned(file, variable, each));
  const [body, release] = [behind.slice(0, at), behind.slice(at, last + 1)];
  if (!resource.asynchronous || isWaitedFor(call)) {
    return wrapAround(file, statement, body, release);
  }
  const fn = enclosingFunction(statement);
  const waiting = fn && release.length === 1 ? makeAsynchronous(file, fn) : undefined;
  const line = `await ${file.source.getText(call)};`;
  const wrapped = wrap(file, statement, { body, release: [line], replaced: own });
  return waiting && wrapped ? [...waiting, ...wrapped] : undefined;
}

/** Puts the release behind `finally`; what follows it goes along where it needs names of the body. */
export function wrapAround(
  file: FileModel,
  statement: Node,
  body: readonly Node[],
  release: readonly Node[],
): Edit[] | undefined {
  if (!release.every(({ type }) => /^(Expression|If)Statement$/.test(type))) return undefined;
  const behind = statementsBehind(statement);
  const rest = behind.slice(body.length + release.length);
  return (
    wrap(file, statement, { body, release }) ??
    wrap(file, statement, { body: [...body, ...rest], release })
  );
}

export function statementsBehind(statement: Node): Node[] {
  const { parent } = statement;
  if (parent?.type !== 'BlockStatement') return [];
  return parent.body.slice(parent.body.findIndex((each) => each === statement) + 1);
}

interface Wrapping {
  readonly body: readonly Node[];
  /** What is done in `finally`: statements of the block, or lines to add. */
  readonly release: readonly (Node | Line)[];
  /** The statement that a line stands for. */
  readonly replaced?: Node;
}

/** Undefined where names would lose their scope. */
function wrap(
  file: FileModel,
  statement: Node,
  { body, release, replaced }: Wrapping,
): Edit[] | undefined {
  const moved = release.filter((each) => typeof each !== 'string');
  const all = [...body, ...moved, ...(replaced ? [replaced] : [])].sort(
    (a, b) => a.range[0] - b.range[0],
  );
  const [indent, last] = [indentOf(file, statement), all.at(-1)];
  if (indent === undefined || !last || body.length === 0) return undefined;
  if (all.some((each) => indentOf(file, each) === undefined) || isSaidOutside(file, body, all))
    return undefined;
  const start = endOf(file, statement);
  const deeper = indent + indentUnit(file);
  const added = release
    .filter((each) => typeof each === 'string')
    .map((line) => deeper + written(file, statement, [line]));
  const lines = [
    '',
    `${indent}try {`,
    movedDeeper(file, body),
    `${indent}} finally {`,
    ...(moved.length > 0 ? [movedDeeper(file, moved)] : []),
    ...added,
    `${indent}}`,
  ];
  return [{ range: [start, endOf(file, last)], text: lines.join(newlineOf(file)) }];
}

/** Whether a name that the body declares is said outside of it. */
function isSaidOutside(file: FileModel, body: readonly Node[], all: readonly Node[]): boolean {
  const [first] = all;
  const block = first?.parent;
  const isWithin = (node: Node): boolean => body.some((each) => isInside(node, each));
  const scopes = [block, first && enclosingFunction(first)].flatMap((each) =>
    each ? scopesOf(file, each) : [],
  );
  return scopes.some(({ variables }) =>
    variables.some(
      (variable) =>
        variable.identifiers.some(isWithin) &&
        file.variables.references(variable).some(({ identifier }) => !isWithin(identifier)),
    ),
  );
}

/** The statements with their comments, one level deeper. */
function movedDeeper(file: FileModel, statements: readonly Node[]): string {
  const code = statements.map((statement) => {
    const [start, end] = [endOfPrevious(file, statement), endOf(file, statement)];
    let [text, at] = ['', start];
    for (const edit of moveDeeper(file, [start, end])) {
      text += file.source.text.slice(at, edit.range[0]) + edit.text;
      [at] = edit.range;
    }
    return text + file.source.text.slice(at, end);
  });
  return code.join('').replace(/^(?:[^\S\n]*\n)+/, '');
}

function endOfPrevious(file: FileModel, statement: Node): number {
  const block = statement.parent;
  const siblings = block?.type === 'BlockStatement' ? block.body : [];
  const previous = siblings[siblings.findIndex((each) => each === statement) - 1];
  return previous ? endOf(file, previous) : (block?.range[0] ?? 0) + 1;
}
