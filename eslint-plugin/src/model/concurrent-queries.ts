/** Statements that are sent side by side on one client, which runs one at a time. */
import type { TSESTree } from '@typescript-eslint/utils';
import { bare, isFunction, isInside, methodCallOn, nameOf, propertyOf, type Node } from './ast.ts';
import { chainFrom } from './call-chains.ts';
import type { FileModel } from './file-model.ts';
import { methodCalls } from './method-calls.ts';
import { isPostgresClient, lenderOf, transactionsOf } from './transactions.ts';
import type { Variable } from './variables.ts';

export interface ConcurrentQueries {
  /** `Promise.all(…)`. */
  readonly call: TSESTree.CallExpression;
  readonly client: Variable;
  /** What stands in the list, where all of it is written there. */
  readonly listed: readonly Node[] | undefined;
}

const COMBINATORS = ['all', 'allSettled', 'race', 'any'];

export function* concurrentQueries(file: FileModel): Iterable<ConcurrentQueries> {
  for (const { call, callee } of methodCalls(file, ...COMBINATORS)) {
    if (call.type !== 'CallExpression') continue;
    if (!file.variables.isGlobal(bare(callee.object), 'Promise')) continue;
    const [list] = call.arguments;
    const found = list && sentBy(file, bare(list));
    if (found) yield { call, ...found };
  }
}

function sentBy(file: FileModel, list: Node): Omit<ConcurrentQueries, 'call'> | undefined {
  if (list.type === 'ArrayExpression') return sentByEach(file, list);
  const client = sentByMapping(file, list);
  return client && { client, listed: undefined };
}

/** `[client.query(…), client.query(…)]` */
function sentByEach(
  file: FileModel,
  { elements }: TSESTree.ArrayExpression,
): Omit<ConcurrentQueries, 'call'> | undefined {
  const clients = elements.map((element) => element && clientAsked(file, bare(element)));
  const client = clients.find(
    (each, index) => each && clients.some((other, later) => later > index && other === each),
  );
  if (!client) return undefined;
  const isAll = clients.every((each) => each === client);
  return { client, listed: isAll ? elements.filter((element) => element !== null) : undefined };
}

/** `rows.map((row) => client.query(…))` */
function sentByMapping(file: FileModel, list: Node): Variable | undefined {
  const callee = list.type === 'CallExpression' ? bare(list.callee) : undefined;
  if (list.type !== 'CallExpression' || callee?.type !== 'MemberExpression') return undefined;
  const [given] = list.arguments;
  const fn = given && bare(given);
  if (nameOf(callee) !== 'map' || !isFunction(fn)) return undefined;
  const sent = fn.body.type === 'BlockStatement' ? firstStatement(fn.body) : bare(fn.body);
  const client =
    sent && clientAsked(file, sent.type === 'AwaitExpression' ? bare(sent.argument) : sent);
  if (!client) return undefined;
  return client.identifiers.some((identifier) => isInside(identifier, fn)) ? undefined : client;
}

/** What a function does first: before its first `await` everybody has done as much. */
function firstStatement({ body: [first] }: TSESTree.BlockStatement): Node | undefined {
  switch (first?.type) {
    case 'ReturnStatement':
      return first.argument ? bare(first.argument) : undefined;
    case 'ExpressionStatement':
      return bare(first.expression);
    case 'VariableDeclaration': {
      const [declarator] = first.declarations;
      return declarator.init ? bare(declarator.init) : undefined;
    }
    default:
      return undefined;
  }
}

/** The client, of which a chain of calls asks one statement. */
function clientAsked(file: FileModel, node: Node): Variable | undefined {
  let root = node;
  while (root.type === 'CallExpression' || root.type === 'MemberExpression') {
    root = bare(root.type === 'CallExpression' ? root.callee : root.object);
  }
  const client = file.variables.of(root);
  if (!client || root === node || chainFrom(root) !== node) return undefined;
  return isOneConnection(file, root, client) ? client : undefined;
}

function isOneConnection(file: FileModel, root: Node, client: Variable): boolean {
  const transaction = transactionsOf(file).find(
    ({ by, handle }) => by === 'callback' && handle === client,
  );
  if (transaction) return isQueueing(file, transaction.outer);
  return (
    methodCallOn(root)?.name === 'query' && isPostgresClient(file, root) && !isPipelined(file, root)
  );
}

/** Drizzle over `pg`, and Knex; others pipeline what is asked side by side, or queue it on purpose. */
function isQueueing(file: FileModel, database: Variable | undefined): boolean {
  const [identifier] = database?.identifiers ?? [];
  const made = identifier && file.variables.constantOf(identifier);
  const origin = made?.type === 'CallExpression' ? file.originOf(made.callee) : undefined;
  return origin?.from === 'module' && /^(drizzle-orm\/node-postgres|knex)$/.test(origin.module);
}

function isPipelined(file: FileModel, client: Node): boolean {
  const [pool] = lenderOf(file, client)?.identifiers ?? [];
  const made = pool ? file.variables.constantOf(pool) : file.variables.constantOf(bare(client));
  const options = made?.type === 'NewExpression' ? made.arguments[0] : undefined;
  return options !== undefined && propertyOf(bare(options), 'pipeline') !== undefined;
}
