import { defineHazard } from '../hazard.ts';
import { RESTORE_REPAIRS } from '../repairs.ts';

/** Stands beside both tests. */
const APP = `const signedIn = new Map([['secret', 'ada']]);

export const auth = {
  userOf: (request) => signedIn.get(request.headers.get('authorization')),
};

export function answer(request) {
  const user = auth.userOf(request);
  return user ? Response.json({ user }) : new Response(null, { status: 401 });
}
`;

export const noUnresetOverride = defineHazard({
  id: 'no-unreset-override',
  title: 'Reset what a test overrides of the app',
  category: 'app wiring',
  symptoms: [],
  signs: [
    'a test that expects 401 gets 200: an earlier one has signed somebody in for good',
    'a later test asks the database of an earlier one, which is closed or rolled back',
    'tests pass alone and fail together, or only in one order',
  ],
  cause:
    'A test replaces a part of the app, a function, a setting, a client, on an object that a module exports. All who import that module have the same object, ' +
    'for as long as the process lives: nothing puts the part back, or a statement does that a failing assertion skips.',
  remedy:
    'Let node:test undo it: `t.mock.method(auth, "userOf", stub)`. By hand: save the part and put it back in `t.after`. ' +
    'Better still, make the app anew for the test and hand it its parts: `createApp({ auth })`.',
  severity: 'error',
  presets: ['strict'],
  linter: {
    sees: [
      'an assignment, in a test or hook, to a member of what a package or another file of the project exports, that no hook, `finally` or helper of the file undoes',
      'a restore in a statement that an earlier throw skips',
    ],
    cannotSee: [
      'overrides by a function: `setDatabase(pool)`, `container.override(…)`',
      'what is assigned to an object that a function answers, such as an app made for the test',
      'whether every test assigns the member anew before it uses it, so that nobody meets what is left',
    ],
    messages: {
      absent:
        '`{{name}}` stays overridden after this {{scope}}, for all who import it. Use `t.mock.method()`, which its test undoes, or reset it in a hook.',
      inline:
        '`{{name}}` is reset on line {{line}}, which an earlier throw skips. Use `t.mock.method()`, which its test undoes, or reset it in `t.after`.',
    },
    suggestions: RESTORE_REPAIRS,
  },
  unseenBy: {
    runtime: 'an object that is assigned to tells nobody.',
  },
  fault: ({ kind, release }) =>
    kind === 'override' && (release.is === 'absent' || release.is === 'inline'),
  evidence: ['honojs/hono#3026', 'porsager/postgres#682', 'seerr-team/seerr#2824'],
  whenNotToUse: 'When every test assigns all the parts that it uses, and the suite is used to it.',
  examples: [
    {
      title: 'somebody stays signed in',
      file: 'answers.test.mjs',
      reportedBy: ['linter'],
      bad: `import assert from 'node:assert/strict';
import { test } from 'node:test';
import { answer, auth } from './app.mjs';

test('greets who is signed in', async () => {
  auth.userOf = () => 'grace';
  const response = answer(new Request('http://app.test'));
  assert.deepEqual(await response.json(), { user: 'grace' });
});

test('refuses who is not', () => {
  assert.equal(answer(new Request('http://app.test')).status, 401);
});
`,
      good: `import assert from 'node:assert/strict';
import { test } from 'node:test';
import { answer, auth } from './app.mjs';

test('greets who is signed in', async (t) => {
  t.mock.method(auth, 'userOf', () => 'grace');
  const response = answer(new Request('http://app.test'));
  assert.deepEqual(await response.json(), { user: 'grace' });
});

test('refuses who is not', () => {
  assert.equal(answer(new Request('http://app.test')).status, 401);
});
`,
      beside: {
        bad: { 'app.mjs': APP },
        good: { 'app.mjs': APP },
      },
    },
  ],
});
