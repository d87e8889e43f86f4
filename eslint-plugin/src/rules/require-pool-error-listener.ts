/** A pool whose connections the file has the server end is listened to, or ended before. */
import { defineRule } from '../define-rule.ts';
import { lostConnections } from '../model/lost-connections.ts';

export default defineRule('require-pool-error-listener', function* (file) {
  for (const { pool, made, loss } of lostConnections(file)) {
    yield {
      node: made,
      messageId: 'unheard',
      data: { pool: pool.name, line: String(loss.loc.start.line) },
    };
  }
});
