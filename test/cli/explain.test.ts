import { explain, HAZARDS } from '@savepoint/catalogue';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { folder, HAZARD, savepoint } from './savepoint.ts';

test('every hazard is explained by its id, in the words of the catalogue', (t) => {
  const cwd = folder(t);
  for (const { id } of HAZARDS) {
    assert.deepEqual(savepoint(['explain', id], cwd), {
      exitCode: 0,
      stdout: `${explain(id)}\n`,
      stderr: '',
    });
  }
});

test('without an id, all are listed with their titles', (t) => {
  const { stdout } = savepoint(['explain'], folder(t));
  assert.deepEqual(
    stdout
      .trimEnd()
      .split('\n')
      .map((line) => line.split(/ {2,}/)),
    HAZARDS.map(({ id, title }) => [id, title]),
  );
});

/** Of one hazard only. */
const SYMPTOM = 'Client has already been connected. You cannot reuse a client.';
const ERROR = `Error: ${SYMPTOM}\n    at /app/node_modules/pg/lib/client.js:183:19\n`;

test('an error is explained, pasted as words, as one argument, or piped', (t) => {
  const cwd = folder(t);
  const outcomes = [
    savepoint(['explain', ...SYMPTOM.split(' ')], cwd),
    savepoint(['explain', ERROR], cwd),
    savepoint(['explain', '-'], cwd, { input: ERROR }),
  ];
  for (const { exitCode, stdout } of outcomes) {
    assert.equal(exitCode, 0);
    assert.match(stdout, /^Because of: .*Client has already been connected/);
    assert.ok(stdout.includes('no-client-misuse'), stdout);
  }
});

test('words that look like options belong to the error', (t) => {
  const { exitCode, stderr } = savepoint(
    ['explain', 'node:', 'bad', 'option:', '--teest'],
    folder(t),
  );
  assert.equal(exitCode, 1);
  assert.match(stderr, /known by this: node: bad option: --teest\n/);
});

test('of several hazards each is named, with its reason and remedy', (t) => {
  const input = `not ok 1 - [${HAZARD}]\n  no-fixed-port: EADDRINUSE\n`;
  const { exitCode, stdout } = savepoint(['explain', '-'], folder(t), { input });
  assert.equal(exitCode, 0);
  for (const id of [HAZARD, 'no-fixed-port']) {
    const entry = HAZARDS.find((hazard) => hazard.id === id);
    assert.ok(
      entry &&
        stdout.includes(`${id}: ${entry.title}\n`) &&
        stdout.includes(`What to do: ${entry.remedy}\n`),
      stdout,
    );
  }
});

test('an error that nothing explains says what was tried and where to look', (t) => {
  const { exitCode, stdout, stderr } = savepoint(['explain', '-'], folder(t), {
    input: `${'moon '.repeat(100)}\n`,
  });
  assert.deepEqual({ exitCode, stdout }, { exitCode: 1, stdout: '' });
  assert.match(stderr, /^savepoint: no hazard is known by this: (moon ){20}…\n/);
  assert.match(stderr, new RegExp(`symptoms of ${String(HAZARDS.length)} hazards`));
  assert.match(stderr, /`savepoint explain` lists all hazards/);
});
