/** Listens on port 0, and asks the server for its port where the number was said again. */
import type { Edit } from '../define-rule.ts';
import { bare, isInside, outer, statementOf, type Node } from '../model/ast.ts';
import type { FileModel } from '../model/file-model.ts';
import { fixedPorts, type FixedPort } from '../model/fixed-ports.ts';
import { perFile } from '../model/per-file.ts';
import type { Variable } from '../model/variables.ts';
import { typeNamed } from './imports.ts';
import { removeStatement, tokenAt } from './text.ts';

interface FreePort {
  readonly edits: readonly Edit[];
  /** Nobody can tell the difference: the number stands nowhere else, and the file asks for the port. */
  readonly isSafe: boolean;
}

type Range = readonly [number, number];

/** A place that says the port, and what it says once the server has been asked. */
interface Mention {
  readonly range: Range;
  readonly asking: (port: string) => string;
}

/** Undefined where the port is said in ways that cannot ask the server. */
export function listenAnywhere(file: FileModel, fixed: FixedPort): FreePort | undefined {
  const { node } = fixed;
  const zero: Edit = { range: node.range, text: '0' };
  const mentions = mentionsOf(file, fixed);
  if (!mentions) return undefined;
  if (mentions.length === 0) {
    const asks = file.tree.callsNamed('address').length > 0;
    return { edits: [zero, ...withoutConstant(file, node, [])], isSafe: asks && isLiteral(node) };
  }
  const server = serverOf(file, fixed);
  if (!server || mentions.some((mention) => !isLater(file, fixed, server, mention)))
    return undefined;
  const isTyped = /\.[mc]?tsx?$/.test(file.path);
  const type = isTyped ? typeNamed(file, 'node:net', 'AddressInfo', node) : undefined;
  if (isTyped && !type) return undefined;
  const port = type ? `(${server.address} as ${type.name}).port` : `${server.address}.port`;
  const asking = mentions.map(({ range, asking }) => ({ range, text: asking(port) }));
  const constant = withoutConstant(
    file,
    node,
    mentions.map(({ range }) => range),
  );
  const edits = [...(type?.edits ?? []), zero, ...asking, ...constant];
  return { edits, isSafe: false };
}

function isLiteral(node: Node): boolean {
  return bare(node).type === 'Literal';
}

const fixedPortsOf = perFile((file): ReadonlyMap<number, readonly FixedPort[]> => {
  const byPort = new Map<number, FixedPort[]>();
  for (const fixed of fixedPorts(file)) {
    const known = byPort.get(fixed.port);
    if (known) known.push(fixed);
    else byPort.set(fixed.port, [fixed]);
  }
  return byPort;
});

/** Where each number stands that may be a port. */
const numbersOf = perFile(({ source }): ReadonlyMap<string, readonly number[]> => {
  const places = new Map<string, number[]>();
  for (const { 0: number, index } of source.text.matchAll(/(?<![\w.])\d{1,5}(?![\w.])/g)) {
    const known = places.get(number);
    if (known) known.push(index);
    else places.set(number, [index]);
  }
  return places;
});

/** Every other place that says the number, or the constant that holds it, and means this server. */
function mentionsOf(file: FileModel, fixed: FixedPort): Mention[] | undefined {
  const { port, node } = fixed;
  const constant = constantOf(file, node);
  const others = (fixedPortsOf(file).get(port) ?? []).filter(({ call }) => call !== fixed.call);
  const own = [
    node,
    ...(constant ? [constant.declarator] : []),
    ...others.map((other) => other.node),
  ];
  const numbers = (numbersOf(file).get(String(port)) ?? [])
    .filter((index) => !own.some(({ range }) => range[0] <= index && index < range[1]))
    .filter((index) => !isInComment(file, index))
    .map((index) => mentionAt(file, index, String(port)));
  const names = (constant ? file.variables.references(constant.variable) : [])
    .filter(({ identifier }) => !own.some((each) => isInside(identifier, each)))
    .map(({ identifier }) => namedMention(identifier));
  const mentions = [...numbers, ...names];
  const known = mentions.filter((mention) => mention !== undefined);
  return known.length < mentions.length
    ? undefined
    : known.filter(({ range }) => !others.some((other) => isNearer(file, other, fixed, range)));
}

/** Whether another server that listens on this port stands in the function around the place. */
function isNearer(file: FileModel, other: FixedPort, fixed: FixedPort, range: Range): boolean {
  const [its, own] = [frameAt(file, other.call.range), frameAt(file, fixed.call.range)];
  const isWithin = (fn: Node | undefined): boolean =>
    fn !== undefined && fn.range[0] <= range[0] && range[1] <= fn.range[1];
  return isWithin(its) && !isWithin(own);
}

function namedMention({ parent, range }: Node): Mention | undefined {
  return parent?.type === 'Property' && parent.shorthand
    ? undefined
    : { range, asking: (asked) => asked };
}

function isInComment({ source }: FileModel, offset: number): boolean {
  return (source.ast.comments ?? []).some(({ range }) => range[0] <= offset && offset < range[1]);
}

/** In an address, `'http://localhost:3000'`, or as the value of `port`. */
function mentionAt(file: FileModel, offset: number, port: string): Mention | undefined {
  const { text } = file.source;
  const token = tokenAt(file, offset);
  const end = offset + port.length;
  switch (token?.type) {
    case 'Numeric':
      return /\bport:\s*$/.test(text.slice(0, offset))
        ? { range: [offset, end], asking: (asked) => asked }
        : undefined;
    case 'Template':
      return text[offset - 1] === ':'
        ? { range: [offset, end], asking: (asked) => `\${${asked}}` }
        : undefined;
    case 'String': {
      const { range } = token;
      const [before, after] = [text.slice(range[0] + 1, offset), text.slice(end, range[1] - 1)];
      return before.endsWith(':') && !/[`\\$]/.test(before + after)
        ? { range, asking: (asked) => `\`${before}\${${asked}}${after}\`` }
        : undefined;
    }
    default:
      return undefined;
  }
}

function constantOf(
  file: FileModel,
  node: Node,
): { variable: Variable; declarator: Node } | undefined {
  const value = bare(node);
  const variable = value.type === 'Identifier' ? file.variables.of(value) : undefined;
  const declarator = variable?.defs[0]?.node;
  return variable && declarator ? { variable, declarator } : undefined;
}

/** The declaration of a constant that nothing says any more. */
function withoutConstant(file: FileModel, node: Node, said: readonly Range[]): Edit[] {
  const constant = constantOf(file, node);
  const declaration = constant?.declarator.parent;
  const isAlone =
    declaration?.type === 'VariableDeclaration' &&
    declaration.declarations.length === 1 &&
    constant !== undefined &&
    file.variables
      .references(constant.variable)
      .every(({ identifier }) =>
        [constant.declarator.range, node.range, ...said].some(
          ([start, end]) => start <= identifier.range[0] && identifier.range[1] <= end,
        ),
      ) &&
    !declaration.parent.type.startsWith('Export');
  return isAlone ? [removeStatement(file, declaration)] : [];
}

interface Server {
  readonly variable: Variable;
  /** The expression that asks for its address. */
  readonly address: string;
  readonly isBoundAtOnce: boolean;
}

function serverOf(file: FileModel, { call }: FixedPort): Server | undefined {
  const { parent } = outer(call);
  const target =
    parent?.type === 'VariableDeclarator'
      ? parent.id
      : parent?.type === 'AssignmentExpression'
        ? parent.left
        : undefined;
  const answered = target && file.variables.of(target);
  const isBoundAtOnce = !/\bhost/.test(file.source.getText(call)) && call.arguments.length < 2;
  if (answered) return { variable: answered, address: `${answered.name}.address()`, isBoundAtOnce };
  const callee = bare(call.callee);
  const object = callee.type === 'MemberExpression' ? bare(callee.object) : undefined;
  const variable = object?.type === 'Identifier' ? file.variables.of(object) : undefined;
  const resource = object && file.acquisitions.resourceOf(object);
  if (!variable || !resource) return undefined;
  if (resource.kind === 'server')
    return { variable, address: `${variable.name}.address()`, isBoundAtOnce };
  return resource.row?.module === 'fastify'
    ? { variable, address: `${variable.name}.server.address()`, isBoundAtOnce: false }
    : undefined;
}

/** Whether the server listens when the place is reached, and can be named there. */
function isLater(
  file: FileModel,
  { call }: FixedPort,
  server: Server,
  { range }: Mention,
): boolean {
  const { block } = server.variable.scope;
  if (range[0] < block.range[0] || range[1] > block.range[1]) return false;
  const [here, there] = [frameAt(file, call.range), frameAt(file, range)];
  // Another test or hook, which runs when this one is done.
  if (there && there !== here) return !(here && isInside(here, there));
  if (there !== here || range[0] < call.range[1]) return false;
  const between = file.source.text.slice(statementOf(call).range[0], range[0]);
  return server.isBoundAtOnce || /\bawait\b/.test(between);
}

/** The test, hook or helper around a place. */
function frameAt(file: FileModel, [start, end]: Range): Node | undefined {
  return file.tree.functions.findLast(
    (fn) =>
      fn.range[0] <= start && end <= fn.range[1] && file.frames.frameOfFunction(fn) !== undefined,
  );
}
