import { defineHazard } from '../hazard.ts';

export const noImportSideEffects = defineHazard({
  id: 'no-import-side-effects',
  title: 'Let the app be imported without starting it',
  category: 'app wiring',
  symptoms: ['Listen method has been called more than once without closing.'],
  signs: [
    'the port is in use as soon as a test file is loaded, before any test has begun',
    'all tests are ok and the process never ends: nobody closes what the import opened',
    'a test talks to the development database: the module read `DATABASE_URL` before the test could set it',
  ],
  cause:
    'A module that listens, opens a pool, migrates or reads `process.env` at its top level does so for everybody who imports it. ' +
    'Imports run before any other line of the test file, so it is too late to set a variable or to choose another database, and no test owns what was opened.',
  remedy:
    'Export a function that makes the app from what it is given, `createApp({ pool })`, and leave listening and the environment to an entry file that no test imports. ' +
    'Where a variable must be set before an import, set it outside: `--env-file`, or `--import` of a set-up file.',
  severity: 'error',
  presets: [],
  unseenBy: {
    linter:
      'the module that starts the app is right as an entry file, and a test that imports it does not say what the import does.',
    runtime:
      'what is open before the first test may be the set-up of the file, and nothing in a run tells one from the other.',
  },
  evidence: [
    'amarukensei/nodejs-blockchain#8',
    'daydreamsai/agent-bounties#96',
    'xevrion-v2/agent-playground#221',
    'forwardemail/supertest#597',
    'redbadger/badger-brain#35',
  ],
  whenNotToUse: 'There is no rule to turn off.',
  examples: [
    {
      title: 'an app that listens as soon as it is imported',
      file: 'users.test.mjs',
      reportedBy: [],
      bad: `import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { server } from './app.mjs';

before(() => new Promise((resolve) => server.listen(0, resolve)));
after(() => new Promise((resolve) => server.close(resolve)));

test('lists users', async () => {
  const response = await fetch(\`http://localhost:\${server.address().port}/users\`);
  assert.deepEqual(await response.json(), ['ada']);
});
`,
      good: `import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createApp } from './app.mjs';

const server = createApp({ users: ['ada'] });
before(() => new Promise((resolve) => server.listen(0, resolve)));
after(() => new Promise((resolve) => server.close(resolve)));

test('lists users', async () => {
  const response = await fetch(\`http://localhost:\${server.address().port}/users\`);
  assert.deepEqual(await response.json(), ['ada']);
});
`,
      beside: {
        bad: {
          'app.mjs': `import { createServer } from 'node:http';

const users = ['ada'];

export const server = createServer((request, response) => {
  response.end(JSON.stringify(users));
});
server.listen(process.env.PORT);
`,
        },
        good: {
          'app.mjs': `import { createServer } from 'node:http';

export function createApp({ users }) {
  return createServer((request, response) => {
    response.end(JSON.stringify(users));
  });
}
`,
          'main.mjs': `import { createApp } from './app.mjs';

createApp({ users: ['ada', 'grace'] }).listen(process.env.PORT);
`,
        },
      },
    },
  ],
});
