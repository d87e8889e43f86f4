/** A release is registered before anything else can fail. */
import { defineRule } from '../define-rule.ts';
import { statementOf } from '../model/ast.ts';

export default defineRule('no-late-registration', function* (file) {
  for (const { name, acquiredAt, releasedAt, failure } of file.withFault('no-late-registration')) {
    if (!failure) continue;
    yield {
      node: acquiredAt,
      messageId: 'late',
      data: {
        resource: name,
        call: `${file.source.getText(failure.callee)}()`,
        callLine: String(failure.loc.start.line),
        line: String(statementOf(releasedAt ?? acquiredAt).loc.start.line),
      },
    };
  }
});
