/** A hook that calls an asynchronous release waits for it. */
import { defineRule } from '../define-rule.ts';
import type { Node } from '../model/ast.ts';
import { awaitStatement } from '../repairs/asynchrony.ts';

export default defineRule('require-awaited-teardown', function* (file) {
  const told = new Set<Node>();
  for (const { name, acquiredAt, releasedAt } of file.withFault('require-awaited-teardown')) {
    const node = releasedAt ?? acquiredAt;
    // One hook may release what each of several tests makes.
    if (told.has(node)) continue;
    told.add(node);
    const call = file.source.getText(node);
    const edits = awaitStatement(file, node);
    yield {
      node,
      messageId: 'unawaited',
      data: { call, resource: name },
      suggestion: edits && { messageId: 'awaitRelease', edits },
    };
  }
});
