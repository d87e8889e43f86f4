/** Where the watch runs and where it keeps out of the way; what it writes and prints. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { testServer } from '../../support/database.ts';
import { runFixture } from './run-fixture.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const FIXTURES = fileURLToPath(new URL('fixtures/', import.meta.url));
const RISKY = join(FIXTURES, 'risky/environment-left-changed.mjs');
const HAS_ISOLATION = Number.parseInt(process.versions.node) >= 22;

/** A project of its own: a folder with a package.json, in which savepoint can be imported. */
function project(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'savepoint-project-'));
  t.after(() => rmSync(directory, { recursive: true }));
  writeFileSync(join(directory, 'package.json'), '{ "type": "module" }');
  mkdirSync(join(directory, 'node_modules'));
  for (const name of ['savepoint', '@savepoint', 'better-sqlite3', 'tsx']) {
    symlinkSync(join(ROOT, 'node_modules', name), join(directory, 'node_modules', name));
  }
  cpSync(RISKY, join(directory, 'one.test.mjs'));
  cpSync(RISKY, join(directory, 'two.test.mjs'));
  return directory;
}

function node(
  cwd: string,
  args: readonly string[],
  environment: NodeJS.ProcessEnv = {},
): { status: number | null; stdout: string; stderr: string } {
  const env = {
    ...process.env,
    NODE_TEST_CONTEXT: undefined,
    NODE_OPTIONS: undefined,
    SAVEPOINT_EVIDENCE: undefined,
    ...environment,
  };
  return spawnSync(process.execPath, args, { cwd, env, encoding: 'utf8' });
}

function evidenceOf(directory: string): { name: string; lines: Record<string, unknown>[] }[] {
  const cache = join(directory, 'node_modules/.cache/savepoint');
  return readdirSync(cache).map((name) => ({
    name,
    lines: readFileSync(join(cache, name), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>),
  }));
}

test('each test file has its evidence in the cache of the project, which a later run begins anew', (t) => {
  const directory = project(t);
  const run = () =>
    node(directory, ['--import', 'savepoint/watch', '--test', 'one.test.mjs', 'two.test.mjs']);
  run();
  const first = evidenceOf(directory);
  assert.equal(first.length, 2);
  run();
  const second = evidenceOf(directory);
  assert.deepEqual(
    second.map(({ name, lines }) => [name, lines.length]),
    first.map(({ name, lines }) => [name, lines.length]),
  );
  for (const { lines } of second) {
    assert.deepEqual(
      lines.map(({ code, event }) => code ?? event),
      [
        'no-unrestored-process-state',
        'no-unrestored-process-state',
        'no-unrestored-process-state',
        'finished',
      ],
    );
  }
});

test('a process that runs no test leaves no evidence', (t) => {
  const directory = project(t);
  writeFileSync(
    join(directory, 'app.mjs'),
    "import { createServer } from 'node:http';\ncreateServer().listen({ port: 0 }).close();\nprocess.env.X = undefined;\n",
  );
  const { status, stderr } = node(directory, ['--import', 'savepoint/watch', 'app.mjs']);
  assert.deepEqual([status, stderr], [0, '']);
  assert.deepEqual(evidenceOf(directory), []);
});

test(
  'all files in one process: hazards name the file of their test',
  { skip: !HAS_ISOLATION && 'Node has no such option' },
  (t) => {
    const directory = project(t);
    const option = process.allowedNodeEnvironmentFlags.has('--test-isolation')
      ? '--test-isolation=none'
      : '--experimental-test-isolation=none';
    node(directory, [
      '--import',
      'savepoint/watch',
      '--test',
      option,
      'one.test.mjs',
      'two.test.mjs',
    ]);
    const lines = evidenceOf(directory).flatMap((file) => file.lines);
    const files = new Set(lines.flatMap(({ file }) => (typeof file === 'string' ? [file] : [])));
    // The second file finds the variables as the first has left them: what it sets again changes nothing.
    assert.ok(files.has(join(directory, 'one.test.mjs')), [...files].join());
    assert.equal(lines.at(-1)?.['event'], 'finished');
  },
);

test('beside a TypeScript loader, lines are those of the source', async (t) => {
  const directory = project(t);
  const file = join(directory, 'three.test.ts');
  writeFileSync(
    file,
    [
      "import Database from 'better-sqlite3';",
      'interface Nothing {',
      '  readonly here: string;',
      '}',
      "import { test } from 'node:test';",
      "test('fails', (): void => {",
      "  const db: { open: boolean } & Partial<Nothing> = new Database(':memory:');",
      '  if (db.open) throw new Error();',
      '});',
    ].join('\n'),
  );
  const { hazards } = await runFixture(file, { node: ['--import', 'tsx'] });
  assert.deepEqual(
    hazards.map(({ code, line }) => [code, line]),
    [['no-inline-teardown', 7]],
  );
});

test('a report on stderr names test, line and remedy, and no value of a variable', async () => {
  const { stderr, evidence, hazards } = await runFixture(RISKY);
  assert.match(stderr, /^savepoint saw 3 hazards:$/m);
  assert.match(
    stderr,
    /no-unrestored-process-state: Test "sets a variable" left the environment variable WATCH_SET changed\./,
  );
  assert.match(stderr, /environment-left-changed\.mjs:\d+:\d+/);
  assert.match(stderr, /what to do: /);
  assert.deepEqual(
    hazards.map(({ test }) => test),
    ['sets a variable', 'deletes one, and fails', 'a suite'],
  );
  assert.doesNotMatch(stderr + evidence, /secret-value/);
});

test('a hazard that savepoint throws is evidence, too', async (t) => {
  const file = join(project(t), 'thrown.test.mjs');
  const lines = [
    "import { test } from 'node:test';",
    "import { use } from 'savepoint';",
    "import { HazardError } from 'savepoint';",
    "test('throws', async (t) => {",
    '  await use(t, () => 1, () => {',
    "    throw new HazardError('no-late-activity', { happened: 'Too late.' });",
    '  });',
    '});',
  ];
  writeFileSync(file, lines.join('\n'));
  const { hazards, exitCode } = await runFixture(file);
  assert.deepEqual(
    hazards.map(({ code, test, message }) => [code, test, message]),
    [['no-late-activity', 'throws', 'Too late.']],
  );
  assert.equal(exitCode, 1);
});

test('a teardown hook that throws is told once, also in a test that savepoint holds something for', async (t) => {
  const file = join(project(t), 'throws.test.mjs');
  const lines = [
    "import { afterEach, test } from 'node:test';",
    "import { use } from 'savepoint';",
    "test('holds something', async (t) => {",
    '  await use(t, () => 1, () => {});',
    '});',
    'afterEach(() => {',
    "  throw new Error('cannot remove the files');",
    '});',
    'afterEach(() => {});',
  ];
  writeFileSync(file, lines.join('\n'));
  const { hazards, stderr } = await runFixture(file);
  assert.deepEqual(
    hazards.map(({ code, line }) => [code, line]),
    [['no-fragile-teardown', 7]],
  );
  assert.equal(stderr.match(/no-fragile-teardown/g)?.length, 1, stderr);
});

test('a process that ends itself is judged when it does', async (t) => {
  const file = join(project(t), 'exits.test.mjs');
  const lines = [
    "import { after, test } from 'node:test';",
    "test('sets a variable', () => {",
    "  process.env.WATCH_SET = 'on';",
    '});',
    'after(() => process.exit());',
  ];
  writeFileSync(file, lines.join('\n'));
  const { hazards, stderr } = await runFixture(file);
  assert.deepEqual(
    hazards.map(({ code, line }) => [code, line]),
    [['no-unrestored-process-state', 3]],
  );
  assert.match(stderr, /savepoint saw 1 hazard:/);
});

test('a file that hangs is told what it waits for while it hangs', async (t) => {
  const { connectionString } = await testServer();
  const child = spawn(
    process.execPath,
    ['--import', 'savepoint/watch', fileURLToPath(new URL('fixtures/hangs.mjs', import.meta.url))],
    {
      cwd: ROOT,
      env: {
        ...process.env,
        NODE_TEST_CONTEXT: undefined,
        NODE_OPTIONS: `--import=${new URL('fixtures/fast-intervals.mjs', import.meta.url).href}`,
        SAVEPOINT_EVIDENCE: join(project(t), 'evidence.jsonl'),
        TEST_DATABASE_URL: connectionString,
      },
    },
  );
  t.after(() => child.kill('SIGKILL'));
  let stderr = '';
  for await (const chunk of child.stderr.setEncoding('utf8')) {
    stderr += String(chunk);
    if (/what to do/.test(stderr)) break;
  }
  assert.match(
    stderr,
    /no-unbounded-wait: Test "hangs" waited for a client of a pool that has 1, which test "hangs" held\./,
  );
  assert.match(stderr, /acquired at: .*hangs\.mjs:7:/);
  assert.match(stderr, /used at: .*hangs\.mjs:8:/);
});

test('reports name the schema change that came before, and who was connected', async () => {
  const { connectionString } = await testServer();
  const environment = { TEST_DATABASE_URL: connectionString };
  const messagesOf = async (file: string, hazard: string) => {
    const { hazards } = await runFixture(join(FIXTURES, 'risky', file), { environment });
    return hazards.filter(({ code }) => code === hazard).map(({ message }) => message);
  };
  const [changed, gone, forgotten] = await messagesOf(
    'schema-under-a-live-pool.mjs',
    'no-schema-churn-on-live-pool',
  );
  const before = (what: string) =>
    new RegExp(`; before, test ".*" had run \`${what}\` \\(.*schema-under-a-live-pool\\.mjs:\\d+`);
  assert.match(changed ?? '', before('create temp table watch_one'));
  assert.match(gone ?? '', before('drop table watch_two'));
  assert.match(forgotten ?? '', before('deallocate all'));
  const [connected] = await messagesOf('database-in-use.mjs', 'no-template-in-use');
  assert.match(connected ?? '', /connected: a connection of test "somebody is connected"\.$/);
});

test('no evidence and no report of a clean file', async () => {
  const { stderr, hazards } = await runFixture(join(FIXTURES, 'clean/process-state.mjs'));
  assert.deepEqual([stderr, hazards], ['', []]);
});
