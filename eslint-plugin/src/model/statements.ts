/** Which SQL does the file send, by which call, and through what? */
import type { TSESTree } from '@typescript-eslint/utils';
import {
  bare,
  isCall,
  isFunction,
  nameOf,
  outer,
  propertyOf,
  type Call,
  type Node,
} from './ast.ts';
import type { Reading } from './reading.ts';
import { methodCalls, type MethodCall } from './method-calls.ts';
import { perFile } from './per-file.ts';
import { HOLE, statementsOf } from './sql-text.ts';
import type { Variables } from './variables.ts';

/** A call, or a tagged template, that sends SQL or prepares it. */
export interface Sending {
  readonly node: Call | TSESTree.TaggedTemplateExpression;
  /** What it is sent through: `pool` of `pool.query()`, `sql` of ``sql`…` ``. */
  readonly through: Node;
  /** The method, or the tag that is a member; none for a tag by itself. */
  readonly method: string | undefined;
  readonly text: string;
  /** As `statementsOf` gives them; an expression of the source is a `HOLE`. */
  readonly statements: readonly string[];
}

const METHODS = [
  'query',
  'execute',
  'exec',
  'prepare',
  'raw',
  'unsafe',
  '$executeRawUnsafe',
  '$queryRawUnsafe',
];
const MEMBER_TAGS = new Set(['$executeRaw', '$queryRaw']);
const MAX_DEPTH = 8;

/** All of the file, in the order of the text. Whether the receiver is a database is for whoever asks to say. */
export const sendingsOf = perFile((file: Reading): readonly Sending[] =>
  [
    ...methodCalls(file, ...METHODS).flatMap((found) => sentByCall(file, found)),
    ...file.tree.taggedTemplates.flatMap((template) => sentByTag(file, template)),
  ].sort((one, other) => one.node.range[0] - other.node.range[0]),
);

function sentByCall(file: Reading, { call, callee, method }: MethodCall): Sending[] {
  const [argument] = call.arguments;
  const text = argument && sqlOf(file, argument);
  return text === undefined ? [] : [sending(call, bare(callee.object), method, text)];
}

/** ``sql`…` `` where the tag is the pool, and ``prisma.$executeRaw`…` ``. */
function sentByTag(file: Reading, template: TSESTree.TaggedTemplateExpression): Sending[] {
  const tag = bare(template.tag);
  if (tag.type === 'Identifier') {
    return [sending(template, tag, undefined, sqlOfTemplate(file, template.quasi, MAX_DEPTH))];
  }
  const method = tag.type === 'MemberExpression' ? nameOf(tag) : undefined;
  return tag.type === 'MemberExpression' && method !== undefined && MEMBER_TAGS.has(method)
    ? [sending(template, bare(tag.object), method, sqlOfTemplate(file, template.quasi, MAX_DEPTH))]
    : [];
}

function sending(
  node: Sending['node'],
  through: Node,
  method: string | undefined,
  text: string,
): Sending {
  return { node, through, method, text, statements: statementsOf(text) };
}

/** The text of a literal, a template, `{ text }`, or a constant that is one; none of it known: undefined. */
export function sqlOf(file: Reading, node: Node, depth = MAX_DEPTH): string | undefined {
  if (depth === 0) return undefined;
  const value = bare(node);
  switch (value.type) {
    case 'Literal':
      return typeof value.value === 'string' ? value.value : undefined;
    case 'TemplateLiteral':
      return sqlOfTemplate(file, value, depth);
    case 'TaggedTemplateExpression':
      return sqlOfTemplate(file, value.quasi, depth);
    case 'BinaryExpression': {
      const sides = [value.left, value.right].map((side) => sqlOf(file, side, depth - 1));
      const isText = value.operator === '+' && sides.some((side) => side !== undefined);
      return isText ? sides.map((side) => side ?? HOLE).join('') : undefined;
    }
    case 'ConditionalExpression': {
      // Either may be sent: as far as what a text does is asked, both are.
      const either = [value.consequent, value.alternate].map((one) => sqlOf(file, one, depth - 1));
      const known = either.filter((one) => one !== undefined);
      return known.length > 0 ? known.join('; ') : undefined;
    }
    case 'ObjectExpression': {
      const text = propertyOf(value, 'text') ?? propertyOf(value, 'sql');
      return text && sqlOf(file, text.value, depth - 1);
    }
    case 'Identifier': {
      const given = file.variables.constantOf(value) ?? firstOf(listWalkedBy(file, value));
      return given && sqlOf(file, given, depth - 1);
    }
    case 'CallExpression': {
      const first = firstOf(listJoinedBy(file, value));
      return first && sqlOf(file, first, depth - 1);
    }
    default:
      return undefined;
  }
}

/** The list whose members a name stands for in turn: `for (const table of TABLES)`, `TABLES.map((table) => …)`. */
function listWalkedBy({ variables }: Reading, name: Node): Node | undefined {
  const [definition] = variables.of(name)?.defs ?? [];
  if (definition?.type === 'Variable') {
    const { parent } = definition.node.parent;
    const isWalked = parent.type === 'ForOfStatement' && parent.left === definition.node.parent;
    return isWalked ? valueOf(variables, parent.right) : undefined;
  }
  if (definition?.type !== 'Parameter' || !isFunction(definition.node)) return undefined;
  const { parent: call } = outer(definition.node);
  const isFirst = definition.node.params[0] === definition.name;
  return isCall(call) && isFirst ? listAskedBy(variables, call, /^(?:map|forEach)$/) : undefined;
}

/** The list in `TABLES.join(', ')`; what `map` makes of its members begins as they do. */
function listJoinedBy({ variables }: Reading, call: Call): Node | undefined {
  const list = listAskedBy(variables, call, /^join$/);
  return isCall(list) ? listAskedBy(variables, list, /^map$/) : list;
}

function listAskedBy(variables: Variables, call: Call, method: RegExp): Node | undefined {
  const callee = bare(call.callee);
  if (callee.type !== 'MemberExpression' || !method.test(nameOf(callee) ?? '')) return undefined;
  return valueOf(variables, callee.object);
}

function valueOf(variables: Variables, node: Node): Node {
  return bare(variables.constantOf(node) ?? node);
}

function firstOf(list: Node | undefined): Node | undefined {
  const [first] = list?.type === 'ArrayExpression' ? list.elements : [];
  return first?.type === 'Literal' ? first : undefined;
}

function sqlOfTemplate(file: Reading, node: TSESTree.TemplateLiteral, depth: number): string {
  return node.quasis
    .map(({ value }, index) => {
      const expression = node.expressions[index];
      const given = expression && (sqlOf(file, expression, depth - 1) ?? HOLE);
      return `${value.cooked ?? value.raw}${given ?? ''}`;
    })
    .join('');
}
