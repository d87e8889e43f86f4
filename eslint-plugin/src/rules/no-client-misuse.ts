/** A client of a pool is released once and ended by its pool; a connection is opened once. */
import { defineRule, type Suggestion } from '../define-rule.ts';
import { clientMisuses, type ClientMisuse } from '../model/client-misuses.ts';
import type { FileModel } from '../model/file-model.ts';
import { releaseInstead, releaseOnce } from '../repairs/client-misuse.ts';

export default defineRule('no-client-misuse', function* (file) {
  for (const misuse of clientMisuses(file)) {
    const { is, call, client, first, lender } = misuse;
    yield {
      node: call,
      messageId: is,
      data: {
        client: client.name,
        line: String(first.loc.start.line),
        pool: lender?.name ?? '',
      },
      suggestion: suggestionFor(file, misuse),
    };
  }
});

function suggestionFor(file: FileModel, misuse: ClientMisuse): Suggestion | undefined {
  switch (misuse.is) {
    case 'twice': {
      const edits = releaseOnce(file, misuse);
      return edits && { messageId: 'releaseOnce', edits };
    }
    case 'ended': {
      const edits = releaseInstead(file, misuse.call);
      return edits && { messageId: 'releaseInstead', edits };
    }
    case 'used':
    case 'reconnected':
    case 'connectedEach':
      return undefined;
  }
}
