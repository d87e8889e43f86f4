/** Sends a transaction that was begun through a pool through one client of it. */
import type { TSESTree } from '@typescript-eslint/utils';
import type { Edit } from '../define-rule.ts';
import {
  enclosingFunction,
  isInside,
  methodCallOn,
  outerAwaited,
  statementOf,
  type Node,
} from '../model/ast.ts';
import type { FileModel } from '../model/file-model.ts';
import { isBegin, isEnd } from '../model/sql-text.ts';
import { sendingsOf, type Sending } from '../model/statements.ts';
import type { Variable } from '../model/variables.ts';
import { freshName } from './names.ts';
import { indentOf, indentUnit, insertBefore, newlineOf, written } from './text.ts';

/**
 * The `try` statement in which everything of the transaction stands gets a client in front, and a
 * `finally` that releases it. Undefined where another shape would have to be found.
 */
export function throughOneClient(file: FileModel, begin: Sending): Edit[] | undefined {
  const pool = file.variables.of(begin.through);
  const tried = statementOf(begin.node).parent?.parent;
  if (!pool || tried?.type !== 'TryStatement' || tried.finalizer || !tried.handler)
    return undefined;
  const fn = enclosingFunction(tried);
  if (!fn?.async || !isWhole(file, pool, tried)) return undefined;
  const uses = usesIn(file, pool, tried);
  const indent = indentOf(file, tried);
  if (!uses || indent === undefined) return undefined;
  const client = freshName(file, 'client');
  const release = written(file, begin.node, [`${client}.release();`]);
  const newline = newlineOf(file) + indent;
  const [, end] = tried.range;
  return [
    insertBefore(file, tried, [`const ${client} = await ${pool.name}.connect();`]),
    ...uses.map(({ range }): Edit => ({ range, text: client })),
    { range: [end, end], text: ` finally {${newline}${indentUnit(file)}${release}${newline}}` },
  ];
}

/** Begun once, and ended within. */
function isWhole(file: FileModel, pool: Variable, tried: TSESTree.TryStatement): boolean {
  const own = sendingsOf(file).filter(({ through }) => file.variables.of(through) === pool);
  const inside = own.filter(({ node }) => isInside(node, tried));
  const begins = inside.filter(({ statements }) => statements.some(isBegin));
  const fn = enclosingFunction(tried);
  const outside = own.filter(
    ({ node }) => !isInside(node, tried) && enclosingFunction(node) === fn,
  );
  return (
    begins.length === 1 &&
    inside.some(({ statements }) => statements.some(isEnd)) &&
    !outside.some(({ statements }) => statements.some((each) => isBegin(each) || isEnd(each)))
  );
}

/** Each a query that is awaited in place; whatever else is done with the pool is not for a client. */
function usesIn(file: FileModel, pool: Variable, tried: Node): Node[] | undefined {
  const uses = file.variables
    .references(pool)
    .map(({ identifier }) => identifier)
    .filter((identifier) => isInside(identifier, tried));
  const isPlain = uses.every((identifier) => {
    const method = methodCallOn(identifier);
    return method?.name === 'query' && outerAwaited(method.call).type === 'AwaitExpression';
  });
  return isPlain ? uses : undefined;
}
