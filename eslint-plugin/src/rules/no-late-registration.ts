/** A release is registered before anything else can fail. */
import { defineRule } from '../define-rule.ts';
import { statementOf } from '../model/ast.ts';
import { registerEarlier } from '../repairs/order.ts';

export default defineRule('no-late-registration', function* (file) {
  for (const fixture of file.withFault('no-late-registration')) {
    const { name, acquiredAt, releasedAt, failure } = fixture;
    if (!failure) continue;
    const edits = registerEarlier(file, fixture);
    yield {
      node: acquiredAt,
      messageId: 'late',
      data: {
        resource: name,
        call: `${file.source.getText(failure.callee)}()`,
        callLine: String(failure.loc.start.line),
        line: String(statementOf(releasedAt ?? acquiredAt).loc.start.line),
      },
      suggestion: edits && { messageId: 'registerEarlier', edits },
    };
  }
});
