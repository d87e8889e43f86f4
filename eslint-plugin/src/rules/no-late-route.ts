/** Routes and middleware are added before the first request, to an app of the test's own. */
import { defineRule } from '../define-rule.ts';
import { lateRoutes } from '../model/late-routes.ts';

export default defineRule('no-late-route', function* (file) {
  for (const { is, call, text } of lateRoutes(file)) {
    yield { node: call, messageId: is, data: { call: text } };
  }
});
