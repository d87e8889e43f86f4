/**
 * By which expression can a place call an export of a module? By one the file has, else by an import
 * that is joined to those it has: ESM or CommonJS, in the file's own style.
 */
import type { TSESTree } from '@typescript-eslint/utils';
import type { Edit } from '../define-rule.ts';
import { bare, nameOf, type Node } from '../model/ast.ts';
import type { FileModel } from '../model/file-model.ts';
import { canonicalModule, exportNameOf } from '../model/origins.ts';
import { perFile } from '../model/per-file.ts';
import { isUnused, meaningAt } from './names.ts';
import { indentOf, insertAfter, insertBefore, newlineOf, quoteOf, type Line } from './text.ts';

/** An expression, and what must change in the file for it to mean what it says. */
export interface Named {
  readonly name: string;
  readonly edits: readonly Edit[];
}

/** A place where the file names exports of a module. */
interface Import {
  readonly statement: Node;
  readonly module: string;
  /** The names in braces, where there are braces. */
  readonly members: readonly {
    readonly exported: string;
    readonly local: Node;
    readonly node: Node;
  }[];
  /** The variable that is the module. */
  readonly whole: Node | undefined;
  /** Behind it, braces may be added: `import test` → `import test, { after }`. */
  readonly defaultImport: Node | undefined;
}

/** The export, as code at `at` can say it. Undefined when its name is taken by something else. */
export function exportNamed(
  file: FileModel,
  module: string,
  name: string,
  at: Node,
): Named | undefined {
  const imports = importsOf(file);
  const own = imports.filter((each) => each.module === canonicalModule(module));
  for (const { members } of own) {
    const member = members.find(({ exported }) => exported === name);
    if (member?.local.type !== 'Identifier') continue;
    if (isMeant(file, member.local, at)) return { name: member.local.name, edits: [] };
  }
  const isFree = isUnused(file, name, file.source.ast);
  const braces = own.find(({ members }) => members.length > 0);
  if (braces && isFree) return { name, edits: [joined(file, braces, name)] };
  for (const { whole } of own) {
    if (whole?.type === 'Identifier' && isMeant(file, whole, at))
      return { name: `${whole.name}.${name}`, edits: [] };
  }
  if (!isFree) return undefined;
  const byDefault = own.find(({ defaultImport }) => defaultImport)?.defaultImport;
  if (byDefault) {
    const [, end] = byDefault.range;
    return { name, edits: [{ range: [end, end], text: `, { ${name} }` }] };
  }
  return { name, edits: [declared(file, imports, module, name)] };
}

/** A type of a module, which an import of types alone adds. */
export function typeNamed(
  file: FileModel,
  module: string,
  name: string,
  at: Node,
): Named | undefined {
  const known = meaningAt(file, name, at);
  if (known) {
    const definition = known.defs[0]?.node.parent;
    const isIt =
      definition?.type === 'ImportDeclaration' &&
      canonicalModule(definition.source.value) === canonicalModule(module);
    return isIt ? { name, edits: [] } : undefined;
  }
  const quote = quoteOf(file);
  const line = `import type { ${name} } from ${quote}${module}${quote};`;
  return { name, edits: [addedBehindImports(file, importsOf(file), line)] };
}

/** Whether the file has anything of the module, or of one of its sub-paths. */
export function importsFrom(file: FileModel, module: string): boolean {
  return importsOf(file).some(
    (each) => each.module === module || each.module.startsWith(`${module}/`),
  );
}

function isMeant(file: FileModel, local: TSESTree.Identifier, at: Node): boolean {
  return meaningAt(file, local.name, at) === file.variables.of(local);
}

const importsOf = perFile((file): readonly Import[] =>
  file.source.ast.body.flatMap((statement) => {
    switch (statement.type) {
      case 'ImportDeclaration':
        return statement.importKind === 'type' ? [] : [declaredImport(statement)];
      case 'TSImportEqualsDeclaration':
      case 'VariableDeclaration':
        return requiredImports(file, statement);
      default:
        return [];
    }
  }),
);

function declaredImport(statement: TSESTree.ImportDeclaration): Import {
  const { specifiers, source } = statement;
  const module = canonicalModule(source.value);
  const byDefault = specifiers.find(({ type }) => type === 'ImportDefaultSpecifier')?.local;
  const namespace = specifiers.find(({ type }) => type === 'ImportNamespaceSpecifier')?.local;
  return {
    statement,
    module,
    members: specifiers.flatMap((node) =>
      node.type === 'ImportSpecifier'
        ? [{ exported: exportedName(node), local: node.local, node }]
        : [],
    ),
    // What `node:test` exports by default has all its exports.
    whole: namespace ?? (module === 'node:test' ? byDefault : undefined),
    defaultImport: namespace ? undefined : byDefault,
  };
}

function exportedName({ imported, importKind }: TSESTree.ImportSpecifier): string {
  if (importKind === 'type') return '';
  return imported.type === 'Identifier' ? imported.name : imported.value;
}

function requiredImports(
  file: FileModel,
  statement: TSESTree.VariableDeclaration | TSESTree.TSImportEqualsDeclaration,
): Import[] {
  if (statement.type === 'TSImportEqualsDeclaration') {
    const origin = file.originOf(statement.id);
    return origin?.from === 'module' && exportNameOf(origin) === 'default'
      ? [{ ...NOTHING, statement, module: origin.module, whole: statement.id }]
      : [];
  }
  const declarators: readonly TSESTree.VariableDeclarator[] = statement.declarations;
  return declarators.flatMap(({ id, init }): Import[] => {
    const origin = init && isModule(bare(init)) ? file.originOf(init) : undefined;
    if (origin?.from !== 'module' || origin.path.length > 0) return [];
    const base = { ...NOTHING, statement, module: origin.module };
    if (id.type === 'Identifier') return [{ ...base, whole: id }];
    if (id.type !== 'ObjectPattern') return [];
    const members = id.properties.flatMap((node) =>
      node.type === 'Property' ? [{ exported: nameOf(node) ?? '', local: node.value, node }] : [],
    );
    return [{ ...base, members }];
  });
}

const NOTHING = { members: [], whole: undefined, defaultImport: undefined } as const;

function isModule({ type }: Node): boolean {
  return type === 'CallExpression' || type === 'AwaitExpression';
}

/** Adds a name to those in braces: where the alphabet wants it, if it ruled so far; else at the end. */
function joined(file: FileModel, { members }: Import, name: string): Edit {
  const names = members.map(({ exported, local }) => exported || file.source.getText(local));
  const isSorted = names.every((each, index) => index === 0 || order(names[index - 1], each) <= 0);
  const next = isSorted ? members.find((_, index) => order(names[index], name) > 0) : undefined;
  const last = members.at(-1)?.node;
  const beside = next?.node ?? last;
  if (!beside) throw new TypeError('there are no braces to join');
  const indent = indentOf(file, beside);
  const gap = indent === undefined ? ' ' : newlineOf(file) + indent;
  const [start, end] = beside.range;
  return next
    ? { range: [start, start], text: `${name},${gap}` }
    : { range: [end, end], text: `,${gap}${name}` };
}

/** As names are sorted: whatever their case. */
function order(a = '', b = ''): number {
  const [one, other] = [a.toLowerCase(), b.toLowerCase()];
  return one < other ? -1 : Number(one > other);
}

/** An import of its own, behind the others. */
function declared(file: FileModel, imports: readonly Import[], module: string, name: string): Edit {
  const quote = quoteOf(file);
  const line = isCommonJs(file)
    ? `const { ${name} } = require(${quote}${module}${quote});`
    : `import { ${name} } from ${quote}${module}${quote};`;
  return addedBehindImports(file, imports, line);
}

function addedBehindImports(file: FileModel, imports: readonly Import[], line: Line): Edit {
  const last = imports.at(-1)?.statement ?? lastImport(file);
  if (last) return insertAfter(file, last, [line]);
  const { body } = file.source.ast;
  const first = body.find((statement) => !('directive' in statement && statement.directive));
  return first
    ? insertBefore(file, first, [line])
    : { range: [0, 0], text: line + newlineOf(file) };
}

function lastImport({ source }: FileModel): Node | undefined {
  return source.ast.body.findLast(({ type }) => type === 'ImportDeclaration');
}

function isCommonJs({ source: { ast, text } }: FileModel): boolean {
  const isModule = ast.body.some(({ type }) => /^Import|^Export|^TSImportEquals/.test(type));
  return !isModule && (ast.sourceType === 'script' || /\brequire\(/.test(text));
}
