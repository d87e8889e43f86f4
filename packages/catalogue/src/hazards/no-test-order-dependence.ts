import { defineHazard } from '../hazard.ts';

export const noTestOrderDependence = defineHazard({
  id: 'no-test-order-dependence',
  title: 'Let every test make what it needs',
  category: 'teardown',
  symptoms: [],
  signs: [
    'a test passes in the whole file and fails alone, with `--test-name-pattern` or `.only`',
    'one failing test takes all that follow with it: `Cannot read properties of undefined`',
    'tests fail with `--test-randomize`',
    'the server of a skipped test “Teardown” keeps the process alive',
  ],
  cause:
    'A test sets something up for the next: it starts the server, creates the row whose id later tests ask for, closes what an earlier one opened. ' +
    'Tests can be run alone, skipped, filtered and shuffled; set-up in a test then does not happen.',
  remedy:
    'Set up in `before` or `beforeEach`, or call a helper in each test that needs it, `const user = await createUser(t)`. ' +
    'Steps that only make sense in a row are one test with subtests.',
  severity: 'error',
  presets: ['strict'],
  linter: {
    sees: [
      'a variable of the file or of a suite, empty at first, that only tests assign, and that a later test reads which does not assign it',
      'the same of a member of an object that the file or a suite makes, `const auth = {}`, and asks for nothing but its members',
    ],
    cannotSee: [
      'rows, files and other state outside of the program that one test leaves for the next',
      'objects that are given to somebody else, lists and maps that a test fills by calling them',
      'subtests that hand on to each other: they run as steps of one test',
    ],
    messages: {
      chain:
        'The test on line {{line}} needs `{{name}}`, which only this test assigns: alone or in another order it fails. Assign it in a hook, or in each test that needs it.',
    },
    suggestions: {},
    unrepaired:
      'which tests need the value, and whether they may share it, only their author knows.',
  },
  unseenBy: {
    runtime: 'a run in one order does not show what another order would do.',
  },
  evidence: [
    'getodk/central-backend#56',
    'nodejs/node#49732',
    'https://nodejs.org/api/test.html#randomizing-tests-execution-order',
  ],
  whenNotToUse:
    'When the tests of a file are written as steps of one story, and always run as a whole.',
  examples: [
    {
      title: 'a row that a later test asks for',
      file: 'notes.test.mjs',
      reportedBy: ['linter'],
      bad: `import assert from 'node:assert/strict';
import { test } from 'node:test';

const notes = new Map();
const create = (text) => {
  const id = notes.size + 1;
  notes.set(id, text);
  return id;
};

let id;
test('creates a note', () => {
  id = create('buy milk');
  assert.equal(notes.has(id), true);
});

test('finds a note', () => {
  assert.equal(notes.get(id), 'buy milk');
});
`,
      good: `import assert from 'node:assert/strict';
import { test } from 'node:test';

const notes = new Map();
const create = (text) => {
  const id = notes.size + 1;
  notes.set(id, text);
  return id;
};

test('creates a note', () => {
  const id = create('buy milk');
  assert.equal(notes.has(id), true);
});

test('finds a note', () => {
  const id = create('buy bread');
  assert.equal(notes.get(id), 'buy bread');
});
`,
    },
  ],
});
