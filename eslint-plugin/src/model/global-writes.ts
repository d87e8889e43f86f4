/**
 * Writes to what every module of the process sees: properties of the global object, members of
 * globals and of Node's own modules, methods of their prototypes; and members of what other modules
 * export. Knows nothing of `process.env`.
 */
import { isBuiltin } from 'node:module';
import {
  bare,
  callsGivenAround,
  dottedName,
  isCall,
  lastNameOf,
  nameOf,
  rootOf,
  textOf,
  type Node,
} from './ast.ts';
import type { Write } from './changes.ts';
import type { Origin } from './origins.ts';
import type { Reading } from './reading.ts';
import { within } from './tree.ts';

/** The way to a member from the global object, or from a module: `['Date', 'now']`. */
type Path = readonly string[];

/** Objects that Node gives to every module; other free names may be the test's own. */
const GLOBALS = new Set([
  ...['globalThis', 'global', 'console', 'process', 'performance', 'crypto', 'navigator'],
  ...['Date', 'Math', 'JSON', 'Intl', 'Reflect', 'Atomics', 'WebAssembly'],
  ...['Object', 'Function', 'Array', 'String', 'Number', 'BigInt', 'Boolean', 'Symbol', 'RegExp'],
  ...['Map', 'Set', 'WeakMap', 'WeakSet', 'WeakRef', 'Promise', 'Proxy', 'Iterator'],
  ...['Error', 'TypeError', 'RangeError', 'AggregateError', 'Buffer', 'ArrayBuffer', 'Uint8Array'],
  ...['URL', 'URLSearchParams', 'AbortController', 'AbortSignal', 'Event', 'EventTarget'],
  ...['Request', 'Response', 'Headers', 'FormData', 'Blob', 'File', 'WebSocket', 'ReadableStream'],
]);

/** Settings that have rules of their own, or that nobody takes for state of others. */
const OF_NO_CONCERN =
  /^(process\.(env|exitCode|title)|Error\.stackTraceLimit|events(\.EventEmitter)?\.defaultMaxListeners)(\.|$)/;

/** `override`: of what a package or another file of the project exports, a part of it. */
type Kind = 'global' | 'override';

/** A member that outlives every test, or whose it is. */
interface Shared {
  readonly kind: Kind;
  readonly path: Path;
}

export function memberWrites({ tree, variables, originOf }: Reading): Write[] {
  return [...tree.assignments, ...tree.deletions, ...tree.callsNamed('defineProperty')].flatMap(
    writeOf,
  );

  function writeOf(node: Node): Write[] {
    switch (node.type) {
      case 'AssignmentExpression':
        return node.operator === '=' ? written(node, memberAt(node.left), node.right) : [];
      case 'UnaryExpression':
        return written(node, memberAt(node.argument), undefined);
      case 'CallExpression': {
        if (!isObjectMethod(node.callee)) return [];
        const [target, key, descriptor] = node.arguments;
        const [owner, name] = [target && ownerOf(target), textOf(key)];
        if (!owner || name === undefined) return [];
        return written(node, memberOf(owner, name), descriptor);
      }
      default:
        return [];
    }
  }

  function written(node: Node, member: Shared | undefined, value: Node | undefined): Write[] {
    if (!member || OF_NO_CONCERN.test(member.path.join('.')) || isOfFakeClock(member)) return [];
    if (runsInPage(node)) return [];
    const { kind, path } = member;
    const base = { kind, node, name: nameOfWrite(node, member), isSetUpOfFile: true };
    if (value && isSaved(value, path)) {
      return [{ ...base, keys: [path.join('.')], role: 'restore' }];
    }
    // Whoever puts back `console` puts back `console.log` with it.
    const keys = path.map((_, index) => path.slice(0, index + 1).join('.'));
    return [{ ...base, keys, role: value ? 'change' : 'removal' }];
  }

  /** `Date.now` of the `Date` that sinon's clock has put in its place, and takes away again. */
  function isOfFakeClock({ path }: Shared): boolean {
    return path[0] === 'Date' && tree.callsNamed('useFakeTimers').length > 0;
  }

  /** A member of another module as the file writes it: the path of that module says less. */
  function nameOfWrite(node: Node, { kind, path }: Shared): string {
    const written = node.type === 'AssignmentExpression' ? dottedName(node.left) : undefined;
    return kind === 'override' && written !== undefined ? written : nameOfPath(path);
  }

  /** `['Date', 'now']` for `Date.now` and `globalThis.Date.now`. */
  function memberAt(target: Node): Shared | undefined {
    const member = bare(target);
    if (member.type !== 'MemberExpression') return undefined;
    const owner = ownerOf(member.object);
    const name = variables.propertyOf(member);
    return owner && name !== undefined ? memberOf(owner, name) : undefined;
  }

  /** The way to an object that outlives every test; of the global object itself, none. */
  function ownerOf(node: Node): Shared | undefined {
    const root = rootOf(node);
    if (variables.isGlobal(root) && !GLOBALS.has(root.name)) return undefined;
    const origin = originOf(node);
    const kind = origin && kindOf(origin);
    return kind && { kind, path: ownerPath(origin) };
  }

  function isObjectMethod(callee: Node): boolean {
    const origin = originOf(callee);
    return origin?.from === 'global' && /^(Object|Reflect)$/.test(origin.path[0] ?? '');
  }

  /** What a variable keeps of this very path: `Date.now`, `{ now: Date.now }`, a descriptor of it. */
  function isSaved(value: Node, path: Path): boolean {
    const variable = variables.of(rootOf(value));
    const given = (variable && variables.values(variable)) ?? [];
    return given.some(({ expression, path: within }) => {
      if (within.length > 0) {
        return ownerOf(expression)?.path.concat(within).join() === path.join();
      }
      return reads(expression, path) || isDescriptorOf(expression, path);
    });
  }

  function reads(expression: Node, path: Path): boolean {
    for (const member of within(tree.members, expression)) {
      if (memberAt(member)?.path.join() === path.join()) return true;
    }
    const value = bare(expression);
    return path.length === 1 && variables.isGlobal(value, path[0]);
  }

  function isDescriptorOf(expression: Node, path: Path): boolean {
    const call = bare(expression);
    if (!isCall(call)) return false;
    const callee = bare(call.callee);
    const [target, key] = call.arguments;
    return (
      callee.type === 'MemberExpression' &&
      nameOf(callee) === 'getOwnPropertyDescriptor' &&
      target !== undefined &&
      [...(ownerOf(target)?.path ?? []), textOf(key)].join() === path.join()
    );
  }
}

/** In what a browser is given to run: `page.evaluate(() => { globalThis.copied = ''; })`. */
function runsInPage(node: Node): boolean {
  for (const call of callsGivenAround(node)) if (IN_PAGE.test(lastNameOf(call) ?? '')) return true;
  return false;
}

const IN_PAGE = /^(?:evaluate\w*|addInitScript|\$\$?eval|waitForFunction)$/;

/** A member of a global, of a module of Node's, or of a class that other modules import too. */
function isOfProcess(origin: Origin): boolean {
  switch (origin.from) {
    case 'global':
      return true;
    case 'module':
      return isBuiltin(origin.module)
        ? origin.module !== 'node:test'
        : origin.path.includes('prototype');
    case 'context':
      return false;
  }
}

function isOfOtherModule(origin: Origin): boolean {
  return origin.from === 'module' && !isBuiltin(origin.module);
}

function kindOf(origin: Origin): Kind | undefined {
  if (isOfProcess(origin)) return 'global';
  return isOfOtherModule(origin) ? 'override' : undefined;
}

function memberOf({ kind, path }: Shared, name: string): Shared {
  return { kind, path: [...path, name] };
}

function ownerPath(origin: Origin): readonly string[] {
  const path = origin.path.filter((name) => name !== 'default');
  return origin.from === 'module' ? [origin.module, ...path] : path;
}

/** As people write it: a module of the project goes without its path. */
function nameOfPath(path: Path): string {
  const [first = '', ...rest] = path;
  if (rest.length === 0) return `globalThis.${first}`;
  return /^[./#]/.test(first) ? rest.join('.') : path.join('.');
}
