/** A query that nobody waits for goes on after its test has ended. */
import { defineRule } from '../define-rule.ts';
import { awaitStatement } from '../repairs/asynchrony.ts';
import { floatingQueries } from '../model/floating-queries.ts';

export default defineRule('no-late-activity', function* (file) {
  for (const { call, text } of floatingQueries(file)) {
    const edits = awaitStatement(file, call);
    yield {
      node: call,
      messageId: 'floating',
      data: { call: text },
      suggestion: edits && { messageId: 'awaitCall', edits },
    };
  }
});
