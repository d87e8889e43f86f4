/** Locks and isolation levels are tested on several real connections. */
import { defineRule } from '../define-rule.ts';
import { sandboxedConcurrency } from '../model/sandboxed-concurrency.ts';
import { shortened } from '../model/sql-text.ts';
import { cloneInstead } from '../repairs/clone.ts';

export default defineRule('no-sandboxed-concurrency-test', function* (file) {
  for (const { sending, is, sandbox } of sandboxedConcurrency(file)) {
    const edits = cloneInstead(sandbox);
    yield {
      node: sending.node,
      messageId: is,
      data: { statement: shortened(sending.text) },
      suggestion: edits && { messageId: 'cloneInstead', edits },
    };
  }
});
