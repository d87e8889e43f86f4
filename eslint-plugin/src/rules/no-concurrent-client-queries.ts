/** Statements of one client are awaited one after another. */
import { defineRule, type Edit } from '../define-rule.ts';
import { bare, outer, statementOf, type Node } from '../model/ast.ts';
import { concurrentQueries, type ConcurrentQueries } from '../model/concurrent-queries.ts';
import type { FileModel } from '../model/file-model.ts';
import { separatorAt } from '../repairs/text.ts';

export default defineRule('no-concurrent-client-queries', function* (file) {
  for (const found of concurrentQueries(file)) {
    const edits = inOrder(file, found);
    yield {
      node: found.call.callee,
      messageId: 'concurrent',
      data: { client: found.client.name },
      suggestion: edits && { messageId: 'awaitInOrder', edits },
    };
  }
});

/** One `await` for each, where the answers are not used or each gets a name of its own. */
function inOrder(file: FileModel, { call, listed }: ConcurrentQueries): Edit[] | undefined {
  const awaiting = outer(call).parent;
  const callee = bare(call.callee);
  if (!listed || awaiting?.type !== 'AwaitExpression') return undefined;
  if (callee.type !== 'MemberExpression' || file.source.getText(callee.property) !== 'all') {
    return undefined;
  }
  const statement = statementOf(awaiting);
  if (statement.parent?.type !== 'BlockStatement') return undefined;
  const names = namesOf(awaiting, statement, listed.length);
  const lines = listed.map((each, index) => {
    const name = names?.[index];
    return `${name ? `const ${file.source.getText(name)} = ` : ''}await ${file.source.getText(each)};`;
  });
  return names && [{ range: statement.range, text: lines.join(separatorAt(file, statement)) }];
}

/** What the answers are called: nothing, or as in `const [a, b] = …`; undefined when they are used otherwise. */
function namesOf(awaiting: Node, statement: Node, count: number): (Node | null)[] | undefined {
  if (statement.type === 'ExpressionStatement') {
    return statement.expression === awaiting ? [] : undefined;
  }
  if (statement.type !== 'VariableDeclaration' || statement.kind !== 'const') return undefined;
  const [declarator, another] = statement.declarations;
  if (another || declarator?.init !== awaiting || declarator.id.type !== 'ArrayPattern') {
    return undefined;
  }
  const { elements, typeAnnotation } = declarator.id;
  return elements.length <= count && !typeAnnotation ? elements : undefined;
}
