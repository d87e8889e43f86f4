/**
 * Writes to what belongs to the whole process: `process.env`, the working directory and undici's
 * global dispatcher.
 */
import type { TSESTree } from '@typescript-eslint/utils';
import { bare, isCall, nameOf, outer, type Call, type Node } from './ast.ts';
import type { Write } from './changes.ts';
import { anchorOf } from './nesting.ts';
import type { Frame } from './frames.ts';
import { groupBy } from './group-by.ts';
import { isExport, type Origin } from './origins.ts';
import type { Reading } from './reading.ts';
import { within } from './tree.ts';

/** The functions that change the process, by their last name. */
const NAMES = ['chdir', 'setGlobalDispatcher', 'assign'];
const CHANGERS = { methods: NAMES, functions: NAMES };
/** What a text says that has any of it. */
const MENTIONS = /\benv\b|\bchdir\b|GlobalDispatcher\b/;
const ONLY_WHEN_UNSET = new Set(['??=', '||=', '&&=']);

/** Variables that every process of every platform we know has. */
export const ALWAYS_SET: ReadonlySet<string> = new Set(['PATH', 'HOME']);

export function processStateWrites({
  source,
  tree,
  variables,
  originOf,
  callsTo,
  frames,
}: Reading): Write[] {
  if (!MENTIONS.test(source.text)) return [];
  const writes = [...callsTo(CHANGERS, isChanger), ...tree.assignments, ...tree.deletions].flatMap(
    writeOf,
  );
  const writesOf = groupBy(
    writes.flatMap((write) =>
      (write.keys ?? []).map((key) => ({ key, node: write.node, role: write.role })),
    ),
    ({ key }) => key,
  );
  const setUps = new Map<string, number>();
  const readFromOutside = new Map<string, boolean>();
  let readsOf: ReadonlyMap<string | undefined, readonly TSESTree.MemberExpression[]> | undefined;
  return writes.map((write) =>
    write.role === 'removal' ? { ...write, isMissed: isMissed(write) } : write,
  );

  function writeOf(node: Node): Write[] {
    if (node.type === 'AssignmentExpression') {
      return ONLY_WHEN_UNSET.has(node.operator) ? [] : variableWritten(node, node.left, node.right);
    }
    if (node.type === 'UnaryExpression' && node.operator === 'delete') {
      return variableWritten(node, node.argument, undefined);
    }
    return isCall(node) ? callWrites(node) : [];
  }

  function callWrites(node: Call): Write[] {
    const origin = originOf(node.callee);
    const [first, second] = node.arguments;
    if (!origin) return [];
    if (isExport(origin, 'process', 'chdir')) {
      return [
        { ...directory, node, role: isSavedBy(first, 'process', 'cwd') ? 'restore' : 'change' },
      ];
    }
    if (isExport(origin, 'undici', 'setGlobalDispatcher')) return [dispatcherWrite(node, first)];
    return isObjectAssign(origin) && first && isEnvironment(first)
      ? [environmentWrite(node, literalKeys(second), second)]
      : [];
  }

  function dispatcherWrite(node: Call, value: Node | undefined): Write {
    const saved = value && onlyValue(value);
    const isRestore = isSavedBy(value, 'undici', 'getGlobalDispatcher');
    return {
      kind: 'dispatcher',
      keys: undefined,
      node,
      name: 'dispatcher',
      role: isRestore ? 'restore' : 'change',
      isSetUpOfFile: frames.frameOf(node).is === 'file' && !isMock(value),
      savedAt: isRestore ? saved : undefined,
    };
  }

  /** The variables an expression names: `process.env.X` one, `process.env` and `process.env[key]` any. */
  function variableWritten(node: Node, target: Node, value: Node | undefined): Write[] {
    const member = bare(target);
    if (member.type !== 'MemberExpression') return [];
    if (isEnvironment(member)) return [environmentWrite(node, undefined, value)];
    if (!isEnvironment(member.object)) return [];
    const name = variables.propertyOf(member);
    return [environmentWrite(node, name === undefined ? undefined : [name], value)];
  }

  function environmentWrite(node: Node, keys: Write['keys'], value: Node | undefined): Write {
    const saved = value && onlyValue(copied(value));
    return {
      kind: 'environment',
      keys,
      node,
      name: keys?.length === 1 ? `process.env.${keys[0] ?? ''}` : 'process.env',
      role: !value ? 'removal' : saved && readsEnvironment(saved) ? 'restore' : 'change',
      isSetUpOfFile: true,
    };
  }

  /** A variable that the file sets at its top, or reads where nothing has set it before. */
  function isMissed({ keys, node }: Write): boolean {
    const [name] = keys ?? [];
    if (name === undefined) return false;
    return ALWAYS_SET.has(name) || firstSetUp(name) < node.range[0] || isReadFromOutside(name);
  }

  /** Where the file first sets a variable before its tests. */
  function firstSetUp(name: string): number {
    const known = setUps.get(name);
    if (known !== undefined) return known;
    const starts = (writesOf.get(name) ?? [])
      .filter(({ role, node }) => role === 'change' && isBeforeTests(frames.frameOf(node)))
      .map(({ node }) => node.range[0]);
    const first = Math.min(...starts);
    setUps.set(name, first);
    return first;
  }

  /** Whether the file reads a variable in a frame that has not written it before. */
  function isReadFromOutside(name: string): boolean {
    const known = readFromOutside.get(name) ?? readsFromOutside(name);
    readFromOutside.set(name, known);
    return known;
  }

  function readsFromOutside(name: string): boolean {
    readsOf ??= groupBy(
      tree.members.filter(({ object }) => isEnvironment(object)),
      (member) => variables.propertyOf(member),
    );
    const written = groupBy(writesOf.get(name) ?? [], ({ node }) => anchorOf(frames.frameOf(node)));
    return (readsOf.get(name) ?? []).some((member) => {
      const { parent } = outer(member);
      if (parent?.type === 'UnaryExpression') return false;
      if (parent?.type === 'AssignmentExpression' && bare(parent.left) === member) return false;
      const before = written.get(anchorOf(frames.frameOf(member))) ?? [];
      return !before.some(({ node }) => node.range[0] < member.range[0]);
    });
  }

  function isEnvironment(node: Node): boolean {
    if (node.type === 'MemberExpression' && nameOf(node) !== 'env') return false;
    return isExport(originOf(node), 'process', 'env');
  }

  function readsEnvironment(node: Node): boolean {
    for (const member of within(tree.members, node)) if (isEnvironment(member)) return true;
    return false;
  }

  /** Whether a variable keeps what this function answered. */
  function isSavedBy(value: Node | undefined, module: string, name: string): boolean {
    const saved = value && onlyValue(value);
    return isCall(saved) && isExport(originOf(saved.callee), module, name);
  }

  /** At the top of a file, an agent is configuration of the process; a mock is a test's. */
  function isMock(value: Node | undefined): boolean {
    if (!value) return false;
    const made = onlyValue(value) ?? bare(value);
    return made.type === 'NewExpression' && isExport(originOf(made.callee), 'undici', 'MockAgent');
  }

  function onlyValue(node: Node): Node | undefined {
    return variables.constantOf(bare(node));
  }
}

/** `saved` in `saved.X` and `{ ...saved }`. */
function copied(value: Node): Node {
  const node = bare(value);
  if (node.type === 'MemberExpression') return copied(node.object);
  const [only] = node.type === 'ObjectExpression' ? node.properties : [];
  return only?.type === 'SpreadElement' ? copied(only.argument) : node;
}

function isChanger(origin: Origin): boolean {
  return (
    isExport(origin, 'process', 'chdir') ||
    isExport(origin, 'undici', 'setGlobalDispatcher') ||
    isObjectAssign(origin)
  );
}

function isObjectAssign(origin: Origin): boolean {
  return origin.from === 'global' && origin.path.join('.') === 'Object.assign';
}

function isBeforeTests(frame: Frame): boolean {
  return frame.is === 'file' || (frame.is === 'hook' && frame.hook.startsWith('before'));
}

const directory = {
  kind: 'working-directory',
  keys: undefined,
  name: 'working-directory',
  isSetUpOfFile: true,
} as const;

function literalKeys(node: Node | undefined): readonly string[] | undefined {
  if (node?.type !== 'ObjectExpression') return undefined;
  const names = node.properties.map((property) =>
    property.type === 'Property' ? nameOf(property) : undefined,
  );
  return names.every((name) => name !== undefined) ? names : undefined;
}
