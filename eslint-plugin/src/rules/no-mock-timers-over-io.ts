/** A pool waits on timers of its own: a test mocks the clock, not them. */
import { defineRule, type Edit } from '../define-rule.ts';
import { bare, propertyOf, type Call } from '../model/ast.ts';
import { frozenPools } from '../model/frozen-pools.ts';

export default defineRule('no-mock-timers-over-io', function* (file) {
  for (const { enable, use, text, ticks } of frozenPools(file)) {
    yield {
      node: enable,
      messageId: 'frozen',
      data: { use: text, line: String(use.loc.start.line) },
      suggestion: ticks ? undefined : { messageId: 'mockDate', edits: [onlyTheDate(enable)] },
    };
  }
});

const DATE = "['Date']";

function onlyTheDate(enable: Call): Edit {
  const [options] = enable.arguments;
  if (!options) {
    const end = enable.range[1] - 1;
    return { range: [end, end], text: `{ apis: ${DATE} }` };
  }
  const given = bare(options);
  const apis = propertyOf(given, 'apis');
  if (apis) return { range: apis.value.range, text: DATE };
  if (given.type !== 'ObjectExpression') return { range: options.range, text: `{ apis: ${DATE} }` };
  const start = given.range[0] + 1;
  const separator = given.properties.length > 0 ? ',' : '';
  return { range: [start, start], text: ` apis: ${DATE}${separator}` };
}
