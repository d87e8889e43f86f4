/**
 * Mocks made with the `mock` that a file imports, which the end of a test does not undo, and what
 * does. A mock of an object that the test itself made dies with it, and is none of these.
 */
import {
  bare,
  dottedName,
  isCall,
  nameOf,
  outer,
  rootOf,
  textOf,
  type Call,
  type Node,
} from './ast.ts';
import type { Write } from './changes.ts';
import type { FileModel } from './file-model.ts';
import type { Origin } from './origins.ts';
import type { Reading } from './reading.ts';
import type { Reference, Variable } from './variables.ts';

/** What replaces a member of an object: `mock.method(object, 'name', implementation)`. */
const REPLACES = new Set(['method', 'getter', 'setter', 'property']);
const NAMES = [...REPLACES, 'enable', 'reset', 'restore', 'restoreAll'];
const MOCK = { kind: 'mock', isSetUpOfFile: true } as const;
const TIMERS = {
  kind: 'mock-timers',
  keys: undefined,
  name: 'mock.timers',
  isSetUpOfFile: true,
} as const;

export function mockWrites(
  { source, variables, originOf, callsTo, frames }: Reading,
  isTestModule: (module: string) => boolean,
): Write[] {
  if (!source.text.includes('mock')) return [];
  const isOfMock = (origin: Origin): boolean => mockPathOf(origin, isTestModule) !== undefined;
  return callsTo({ methods: NAMES, functions: NAMES }, isOfMock).flatMap(writesOf);

  function writesOf(node: Call): Write[] {
    const path = mockPathOf(originOf(node.callee), isTestModule);
    switch (path?.join('.')) {
      case undefined:
        return restoredByHandle(node);
      case 'timers.enable':
        return [{ ...TIMERS, node, role: 'change' }];
      case 'timers.reset':
        return [{ ...TIMERS, node, role: 'restore' }];
      case 'restoreAll':
        return [restoredMocks(node)];
      case 'reset':
        return [restoredMocks(node), { ...TIMERS, node, role: 'restore' }];
      default:
        return replacement(node);
    }
  }

  function replacement(node: Call): Write[] {
    const replaced = replacedBy(node);
    const [target] = node.arguments;
    if (replaced === undefined || !target || !outlivesTests(target)) return [];
    return changesBehaviour(node) && !escapes(node)
      ? [{ ...MOCK, keys: [replaced], node, name: replaced, role: 'change' }]
      : [];
  }

  /** `console.log` for `mock.method(console, 'log', …)`. */
  function replacedBy(node: Call): string | undefined {
    const path = mockPathOf(originOf(node.callee), isTestModule);
    if (path?.length !== 1 || !REPLACES.has(path[0] ?? '')) return undefined;
    const [target, name] = node.arguments;
    const [owner, member] = [target && dottedName(target), textOf(name)];
    return owner !== undefined && member !== undefined ? `${owner}.${member}` : undefined;
  }

  /** A global, something imported, or a variable that is filled once, outside of tests and their hooks. */
  function outlivesTests(target: Node): boolean {
    const origin = originOf(target);
    if (origin) return origin.from !== 'context';
    const variable = variables.of(rootOf(target));
    if (!variable) return false;
    const [written, ...others] = variables
      .references(variable)
      .filter((reference) => reference.isWrite());
    if (!written) return ['ClassName', 'FunctionName'].includes(variable.defs[0]?.type ?? '');
    const frame = frames.frameOf(written.identifier);
    return others.length === 0 && (frame.is === 'file' || frame.is === 'suite');
  }

  /** Without an implementation the original is still called; with `times` it is called again after those. */
  function changesBehaviour({ callee, arguments: given }: Call): boolean {
    const [, , implementation, options] = given;
    const member = bare(callee);
    const isMethod = member.type === 'MemberExpression' && nameOf(member) === 'method';
    if (!implementation) return !isMethod;
    if (isMethod && bare(implementation).type === 'ObjectExpression') return false;
    return !options;
  }

  /** Kept where others may restore it: in a list, by a function, by who is given it. */
  function escapes(node: Call): boolean {
    const { parent } = outer(node);
    if (parent?.type === 'ExpressionStatement') return false;
    const variable = handleOf(node);
    return !variable || !variables.references(variable).every(isOwnUse);
  }

  function isOwnUse(reference: Reference): boolean {
    if (!reference.isRead()) return true;
    const used = outer(reference.identifier);
    const { parent } = used;
    return parent?.type === 'MemberExpression' && parent.object === used;
  }

  /** The variable that keeps what a call answers. */
  function handleOf(node: Call): Variable | undefined {
    const { parent } = outer(node);
    if (parent?.type === 'VariableDeclarator') return variables.of(parent.id);
    return parent?.type === 'AssignmentExpression' ? variables.of(parent.left) : undefined;
  }

  /** `spy.mock.restore()`, `console.log.mock.restore()`. */
  function restoredByHandle(node: Call): Write[] {
    const restore = bare(node.callee);
    const mock = restore.type === 'MemberExpression' && bare(restore.object);
    if (!mock || mock.type !== 'MemberExpression') return [];
    if (nameOf(restore) !== 'restore' || nameOf(mock) !== 'mock') return [];
    const keys = replacedByHandle(bare(mock.object));
    return [{ ...MOCK, keys, node, name: '', role: 'restore' }];
  }

  /** What the mock that this value is replaces; undefined when nothing says so. */
  function replacedByHandle(handle: Node): string[] | undefined {
    const variable = variables.of(handle);
    const values = variable && variables.values(variable);
    if (!values) return handle.type === 'MemberExpression' ? [dottedName(handle) ?? ''] : undefined;
    const replaced = values.flatMap(({ expression }) => {
      const made = bare(expression);
      return isCall(made) ? [replacedBy(made) ?? ''] : [];
    });
    return replaced.length === values.length ? replaced : undefined;
  }
}

/** The variable `mock` that a call like `mock.method()` begins with; none for `test.mock`. */
export function mockOf(
  { variables }: Pick<FileModel, 'variables'>,
  call: Node,
): Variable | undefined {
  const root = isCall(call) ? rootOf(call.callee) : call;
  return root.type === 'Identifier' && root.name === 'mock' ? variables.of(root) : undefined;
}

function restoredMocks(node: Call): Write {
  return { ...MOCK, keys: undefined, node, name: '', role: 'restore' };
}

/** `['timers', 'enable']` for `mock.timers.enable` of the test module. */
function mockPathOf(
  origin: Origin | undefined,
  isTestModule: (module: string) => boolean,
): readonly string[] | undefined {
  if (origin?.from !== 'module' || !isTestModule(origin.module)) return undefined;
  const at = origin.path.indexOf('mock');
  const isExport = origin.path.slice(0, Math.max(at, 0)).every((name) => MODULE.has(name));
  return at >= 0 && isExport ? origin.path.slice(at + 1) : undefined;
}

/** The module is `test` itself, which has what the module exports. */
const MODULE = new Set(['default', 'test', 'it']);
