/**
 * Writes to what belongs to the whole process: `process.env`, the working directory and undici's
 * global dispatcher.
 */
import { bare, isCall, nameOf, type Call, type Node } from './ast.ts';
import type { Write } from './changes.ts';
import type { Frames } from './frames.ts';
import { isExport, type OriginOf } from './origins.ts';
import { within, type Tree } from './tree.ts';
import type { Variables } from './variables.ts';

export function processStateWrites(
  tree: Tree,
  variables: Variables,
  originOf: OriginOf,
  frames: Frames,
): Write[] {
  return [...tree.calls, ...tree.assignments, ...tree.deletions].flatMap(writeOf);

  function writeOf(node: Node): Write[] {
    if (node.type === 'AssignmentExpression') {
      return ['??=', '||=', '&&='].includes(node.operator)
        ? []
        : variableWritten(node, node.left, node.right);
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
    const isAssign = origin.from === 'global' && origin.path.join('.') === 'Object.assign';
    return isAssign && first && isEnvironment(first)
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
    const name = nameOf(member);
    return [environmentWrite(node, name === undefined ? undefined : [name], value)];
  }

  function environmentWrite(node: Node, keys: Write['keys'], value: Node | undefined): Write {
    const saved = value && onlyValue(value);
    return {
      kind: 'environment',
      keys,
      node,
      name: keys?.length === 1 ? `process.env.${keys[0] ?? ''}` : 'process.env',
      role: !value ? 'removal' : saved && readsEnvironment(saved) ? 'restore' : 'change',
      isSetUpOfFile: true,
    };
  }

  function isEnvironment(node: Node): boolean {
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

  /** The expression that a variable is always given. */
  function onlyValue(node: Node): Node | undefined {
    const variable = variables.of(bare(node));
    const given = variable ? variables.values(variable) : undefined;
    const [value] = given ?? [];
    return given?.length === 1 && value?.path.length === 0 ? bare(value.expression) : undefined;
  }
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
