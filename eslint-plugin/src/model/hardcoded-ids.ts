/** Assertions that an id which a sequence gave inside a sandbox is a number written in the test. */
import type { TSESTree } from '@typescript-eslint/utils';
import {
  bare,
  calledName,
  isCall,
  nameOf,
  type Call,
  outer,
  outerAwaited,
  type Identifier,
  type Node,
} from './ast.ts';
import type { FileModel } from './file-model.ts';
import { sandboxedAt } from './sandboxes.ts';
import { sendingsOf, type Sending } from './statements.ts';
import type { Variable } from './variables.ts';

export interface HardcodedId {
  readonly literal: Node;
  /** The statement that the id comes from. */
  readonly inserted: Sending;
}

const INSERTS = /^insert into \S+ ?\((?<columns>[^()]*)\).* returning (?<returned>.*)$/;
const EQUALITIES = new Set(['equal', 'strictEqual', 'deepEqual', 'deepStrictEqual']);

export function* hardcodedIds(file: FileModel): Iterable<HardcodedId> {
  for (const inserted of sendingsOf(file)) {
    if (!givesId(inserted) || !isInSandbox(file, inserted)) continue;
    for (const variable of answersOf(file, inserted)) {
      for (const { identifier } of file.variables.references(variable)) {
        const literal = comparedWith(identifier);
        if (literal) yield { literal, inserted };
      }
    }
  }
}

/** The database chooses the id, and answers it. */
function givesId({ statements }: Sending): boolean {
  return statements.some((statement) => {
    const { columns = '', returned = '' } = INSERTS.exec(statement)?.groups ?? {};
    return /(^|\W)id(\W|$)|^\*$/.test(returned) && !/(^|\W)id(\W|$)/.test(columns);
  });
}

function isInSandbox(file: FileModel, { through }: Sending): boolean {
  const sandboxed = sandboxedAt(file, through);
  return sandboxed !== undefined && sandboxed.sandbox.database !== 'SQLite';
}

/** What the answer is called: `result`, `rows`, `[row]`. */
function answersOf({ variables }: FileModel, { node }: Sending): Variable[] {
  const { parent } = outerAwaited(node);
  if (parent?.type !== 'VariableDeclarator') return [];
  return namesIn(parent.id).flatMap((name) => variables.of(name) ?? []);
}

function namesIn(pattern: Node): Identifier[] {
  switch (pattern.type) {
    case 'Identifier':
      return [pattern];
    case 'ObjectPattern':
      return pattern.properties.flatMap((property) =>
        property.type === 'Property' ? namesIn(property.value) : [],
      );
    case 'ArrayPattern':
      return pattern.elements.flatMap((element) => (element ? namesIn(element) : []));
    default:
      return [];
  }
}

/** The number in `equal(rows[0].id, 1)` and in `deepEqual(rows, [{ id: 1 }])`. */
function comparedWith(identifier: Identifier | TSESTree.JSXIdentifier): Node | undefined {
  let value = outer(identifier);
  let last = identifier.name;
  while (value.parent?.type === 'MemberExpression' && value.parent.object === value) {
    last = nameOf(value.parent) ?? '';
    value = outer(value.parent);
  }
  const call = value.parent;
  if (!isCall(call) || !isEquality(call)) return undefined;
  const [actual, expected] = call.arguments;
  if (actual !== value || !expected) return undefined;
  return last === 'id' ? numberAt(expected) : idIn(bare(expected));
}

function isEquality(call: Call): boolean {
  const name = calledName(call);
  return name !== undefined && EQUALITIES.has(name);
}

function idIn(expected: Node): Node | undefined {
  switch (expected.type) {
    case 'ArrayExpression':
      return first(expected.elements, (element) => (element ? idIn(bare(element)) : undefined));
    case 'ObjectExpression':
      return first(expected.properties, (property) =>
        property.type === 'Property' && nameOf(property) === 'id'
          ? numberAt(property.value)
          : undefined,
      );
    default:
      return undefined;
  }
}

function first<T>(items: readonly T[], find: (item: T) => Node | undefined): Node | undefined {
  for (const item of items) {
    const found = find(item);
    if (found) return found;
  }
  return undefined;
}

function numberAt(node: Node): Node | undefined {
  const value = bare(node);
  return value.type === 'Literal' && typeof value.value === 'number' ? value : undefined;
}
