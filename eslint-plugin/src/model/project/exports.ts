/** What a file exports under a name, in ES modules, TypeScript and CommonJS. */
import type { TSESTree } from '@typescript-eslint/utils';
import { bare, nameOf, propertyOf, type Node } from '../ast.ts';
import type { Reading } from '../reading.ts';

/** An expression or a name in the file, or what another module exports at `path`. */
export type Export =
  | { readonly is: 'value'; readonly node: Node }
  | { readonly is: 'elsewhere'; readonly module: string; readonly path: readonly string[] };

export function exportAt(reading: Reading, path: readonly string[]): Export | undefined {
  const [name = 'default', ...rest] = path;
  const found = namedExport(reading, name);
  if (found) return memberOf(reading, found, rest);
  // To CommonJS, `default` is the module itself, and so is what is imported whole.
  const whole = moduleExport(reading);
  if (whole) return memberOf(reading, whole, name === 'default' ? rest : path);
  return name === 'default' && rest.length > 0
    ? exportAt(reading, rest)
    : starExport(reading, path);
}

function namedExport(reading: Reading, name: string): Export | undefined {
  for (const statement of reading.source.ast.body) {
    const found =
      statement.type === 'ExportNamedDeclaration'
        ? fromDeclaration(statement, name)
        : statement.type === 'ExportDefaultDeclaration' && name === 'default'
          ? value(namedBy(statement.declaration))
          : undefined;
    if (found) return found;
  }
  const assigned = assignments(reading).find(
    ({ left }) =>
      isExports(reading, left.object) && nameOf(left) === name && !isModuleExports(reading, left),
  );
  return assigned && value(valueOf(assigned));
}

function fromDeclaration(
  { declaration, specifiers, source }: TSESTree.ExportNamedDeclaration,
  name: string,
): Export | undefined {
  for (const { exported, local } of specifiers) {
    if (textOfName(exported) !== name) continue;
    return source
      ? { is: 'elsewhere', module: source.value, path: [textOfName(local)] }
      : value(local);
  }
  if (declaration?.type === 'VariableDeclaration') {
    const declared = declaration.declarations.find(
      ({ id }) => id.type === 'Identifier' && id.name === name,
    );
    return declared && value(declared.id);
  }
  return declaration &&
    'id' in declaration &&
    declaration.id?.type === 'Identifier' &&
    declaration.id.name === name
    ? value(declaration.id)
    : undefined;
}

/** `module.exports = …`, `export = …`. */
function moduleExport(reading: Reading): Export | undefined {
  for (const statement of reading.source.ast.body) {
    if (statement.type === 'TSExportAssignment') return value(statement.expression);
  }
  const assigned = assignments(reading).find(({ left }) => isModuleExports(reading, left));
  return assigned && value(valueOf(assigned));
}

function starExport({ source }: Reading, path: readonly string[]): Export | undefined {
  const stars = source.ast.body.filter(
    (statement): statement is TSESTree.ExportAllDeclaration =>
      statement.type === 'ExportAllDeclaration' && !statement.exported,
  );
  const [only] = stars;
  // Which of several it is, only reading them all would tell.
  return only && stars.length === 1
    ? { is: 'elsewhere', module: only.source.value, path }
    : undefined;
}

/** The property of an object, past what names the object. */
function memberOf(reading: Reading, found: Export, path: readonly string[]): Export | undefined {
  const [name, ...rest] = path;
  if (name === undefined) return found;
  if (found.is === 'elsewhere') return { ...found, path: [...found.path, ...path] };
  const object = reading.variables.constantOf(found.node) ?? bare(found.node);
  const property = propertyOf(object, name);
  if (property) return memberOf(reading, value(property.value), rest);
  const origin = reading.originOf(found.node);
  return origin?.from === 'module'
    ? { is: 'elsewhere', module: origin.module, path: [...origin.path, ...path] }
    : undefined;
}

type ExportAssignment = TSESTree.AssignmentExpression & { left: TSESTree.MemberExpression };

function assignments({ tree }: Reading): ExportAssignment[] {
  return tree.assignments.filter(
    (node): node is ExportAssignment =>
      node.operator === '=' && node.left.type === 'MemberExpression',
  );
}

/** The value at the end of `module.exports = exports = …`. */
function valueOf({ right }: TSESTree.AssignmentExpression): Node {
  return right.type === 'AssignmentExpression' ? valueOf(right) : right;
}

function isModuleExports({ variables }: Reading, node: Node): boolean {
  return (
    node.type === 'MemberExpression' &&
    nameOf(node) === 'exports' &&
    variables.isGlobal(bare(node.object), 'module')
  );
}

function isExports(reading: Reading, node: Node): boolean {
  return isModuleExports(reading, node) || reading.variables.isGlobal(bare(node), 'exports');
}

function value(node: Node): Export {
  return { is: 'value', node };
}

/** A declaration by its name, so that what else is said of it is found. */
function namedBy(node: Node): Node {
  return (node.type === 'FunctionDeclaration' || node.type === 'ClassDeclaration') && node.id
    ? node.id
    : node;
}

function textOfName(node: TSESTree.Identifier | TSESTree.StringLiteral): string {
  return node.type === 'Identifier' ? node.name : node.value;
}
