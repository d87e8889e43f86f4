/** SQLite files that a test opens by a name which every other process would open as well. */
import { bare, isCall, nameOf, propertyOf, textOf, type Call, type Node } from './ast.ts';
import { expectedFailureOf } from './expected-failures.ts';
import type { FileModel } from './file-model.ts';
import { isExport } from './origins.ts';
import { perFile } from './per-file.ts';
import { isTestCode } from './test-code.ts';

export interface SqliteFile {
  readonly call: Call;
  /** The path as the call is given it. */
  readonly path: Node;
  /** Whether nothing else in the file speaks of the path. */
  readonly isOpenedOnce: boolean;
}

const DRIVERS = ['better-sqlite3', 'node:sqlite'];
const MAX_DEPTH = 8;

export function* sqliteFiles(file: FileModel): Iterable<SqliteFile> {
  if (!DRIVERS.some((driver) => file.source.text.includes(driver))) return;
  for (const call of file.tree.calls) {
    const [path, options] = call.arguments;
    if (call.type !== 'NewExpression' || !path || !isDriver(file, call)) continue;
    if (isReadOnly(options) || !isFixedPath(file, path) || changesDirectory(file)) continue;
    if (expectedFailureOf(file, call) || !isTestCode(file, file.frames.frameOf(call))) continue;
    yield { call, path, isOpenedOnce: isOpenedOnce(file, path) };
  }
}

function isDriver({ originOf }: FileModel, { callee }: Call): boolean {
  const origin = originOf(callee);
  return origin?.from === 'module' && DRIVERS.includes(origin.module);
}

function isReadOnly(options: Node | undefined): boolean {
  const given = options && bare(options);
  return ['readonly', 'readOnly', 'fileMustExist'].some((name) => propertyOf(given, name));
}

/** Made of texts and of directories that are the same in every process. */
function isFixedPath(file: FileModel, node: Node, depth = MAX_DEPTH): boolean {
  if (depth === 0) return false;
  const value = bare(node);
  const text = textOf(value);
  if (text !== undefined) return isPath(text);
  const constant = file.variables.constantOf(value);
  if (constant) return isFixedPath(file, constant, depth - 1);
  if (!isCall(value)) return false;
  if (value.type === 'NewExpression') {
    const isUrl = file.variables.isGlobal(bare(value.callee), 'URL');
    return isUrl && textOf(value.arguments[0]) !== undefined;
  }
  const origin = file.originOf(value.callee);
  if (isExport(origin, 'url', 'fileURLToPath')) {
    return value.arguments.every((argument) => isFixedPath(file, argument, depth - 1));
  }
  if (!isExport(origin, 'path', 'join') && !isExport(origin, 'path', 'resolve')) return false;
  return value.arguments.every(
    (argument) => isDirectory(file, argument) || textOf(bare(argument)) !== undefined,
  );
}

function isPath(text: string): boolean {
  return text !== '' && !text.includes(':memory:') && !text.includes('mode=memory');
}

/** `__dirname`, `import.meta.dirname`, `os.tmpdir()`, `process.cwd()`. */
function isDirectory({ originOf, variables }: FileModel, node: Node): boolean {
  const value = bare(node);
  if (variables.isGlobal(value, '__dirname')) return true;
  if (value.type === 'MemberExpression') {
    return value.object.type === 'MetaProperty' && nameOf(value) === 'dirname';
  }
  if (value.type !== 'CallExpression') return false;
  const origin = originOf(value.callee);
  return isExport(origin, 'os', 'tmpdir') || isExport(origin, 'process', 'cwd');
}

/** To a directory of this process, perhaps. */
const changesDirectory = perFile(({ originOf, tree }): boolean =>
  tree.calls.some(({ callee }) => isExport(originOf(callee), 'process', 'chdir')),
);

function isOpenedOnce({ source }: FileModel, path: Node): boolean {
  const text = textOf(bare(path));
  return text !== undefined && source.text.split(text).length === 2;
}
