/**
 * A database in a file: one handle per process, one test at a time, everything rolled back. Migrations
 * are committed only to a file that savepoint made.
 */
import { SetupError } from '../setup-error.ts';
import { closeEndedScopes, type TestScope } from '../test-scope.ts';
import type { Lend } from './access.ts';
import { openHandle, RawHandle, type Handle } from './driver.ts';
import { leasedHandle } from './leased-handle.ts';
import type { Lease } from './lease.ts';
import { buildImage, setPragmas, type Image, type Migration, type Pragmas } from './migrations.ts';
import { assertFree, openSandbox, type Turn } from './turn.ts';

/** Says which migrations a file holds, and that savepoint made it. */
const MARK = 'savepoint_migrations';

export class FileDatabase {
  readonly #file: string;
  readonly #migration: Migration | undefined;
  readonly #pragmas: Pragmas;
  readonly #turns: Turn[] = [];
  #raw: Promise<RawHandle> | undefined;

  constructor(file: string, migration: Migration | undefined, pragmas: Pragmas) {
    this.#file = file;
    this.#migration = migration;
    this.#pragmas = pragmas;
  }

  async ready(): Promise<Lend> {
    const raw = await (this.#raw ??= this.#open());
    await closeEndedScopes();
    return (scope, lease) => this.#lend(raw, scope, lease);
  }

  #lend(raw: RawHandle, scope: TestScope, lease: Lease): Handle {
    assertFree(
      `the file ${this.#file}`,
      this.#turns,
      scope,
      'Give each its own copy by `sqlite()` without `file`, or run them one after another.',
    );
    const sandbox = openSandbox(raw, lease, this.#turns.length);
    const turn = { scope, lease };
    this.#turns.push(turn);
    scope.defer(() => {
      this.#turns.splice(this.#turns.indexOf(turn), 1);
      sandbox.close();
      raw.handle.defaultSafeIntegers(false).unsafeMode(false);
    });
    return leasedHandle(raw, lease, sandbox);
  }

  async #open(): Promise<RawHandle> {
    if (this.#migration !== undefined)
      await this.#migrate(await buildImage(this.#migration, this.#pragmas));
    const handle = openHandle(this.#file);
    setPragmas(handle, this.#pragmas);
    process.once('exit', () => handle.close());
    return new RawHandle(handle);
  }

  async #migrate(image: Image): Promise<void> {
    const handle = openHandle(this.#file);
    let is: string | undefined;
    try {
      is = stateOf(handle);
    } finally {
      handle.close();
    }
    if (is === image.fingerprint) return;
    if (is === undefined) {
      throw new SetupError(
        'ERR_SAVEPOINT_SQLITE_NOT_OURS',
        `sqlite: ${this.#file} has tables that savepoint did not make; migrations would be committed to it. ` +
          'Name a file that does not exist yet, or leave out `migrate`: without it the tests run on the file as it is, and all they do is rolled back.',
      );
    }
    await install(image, this.#file);
  }
}

/** The fingerprint of the migrations in a file; `''` in an empty file, `undefined` in a file of somebody else's. */
function stateOf(handle: Handle): string | undefined {
  const tables = handle
    .prepare<[], string>("SELECT name FROM sqlite_schema WHERE type = 'table'")
    .pluck()
    .all();
  if (tables.length === 0) return '';
  if (!tables.includes(MARK)) return undefined;
  return handle.prepare<[], string>(`SELECT fingerprint FROM ${MARK}`).pluck().get() ?? '';
}

/** Writes the image to the file in one transaction of SQLite's backup: whole, or not at all. */
async function install({ bytes, fingerprint }: Image, file: string): Promise<void> {
  const copy = openHandle(bytes.length > 0 ? bytes : ':memory:');
  try {
    copy.exec(`CREATE TABLE ${MARK} (fingerprint TEXT NOT NULL)`);
    copy.prepare(`INSERT INTO ${MARK} VALUES (?)`).run(fingerprint);
    await copy.backup(file);
  } finally {
    copy.close();
  }
}
