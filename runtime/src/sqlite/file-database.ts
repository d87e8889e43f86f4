/**
 * A database in a file: one handle per process, one test at a time, everything rolled back. Migrations
 * are committed only to a file that savepoint made.
 */
import { existsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { HazardError } from '../hazard-error.ts';
import { SetupError } from '../setup-error.ts';
import { closeEndedScopes, type TestScope } from '../test-scope.ts';
import type { Lend, Lender } from './access.ts';
import { lendClone } from './clone.ts';
import { resultCode, type Driver, type Image, type RawHandle } from './driver.ts';
import type { Lease } from './lease.ts';
import { buildImage, setPragmas, type Migration, type Pragmas } from './migrations.ts';
import { SharedHandle } from './shared-handle.ts';
import { meet, pathOf } from './file-uses.ts';
import { assertFree, cannotBeWritten, type Turn } from './turn.ts';

/** Says which migrations a file holds, and that savepoint made it. */
const MARK = 'savepoint_migrations';

/** The tests that have a file now, by its path: it may be described more than once. */
const turnsOn = new Map<string, Turn[]>();

export class FileDatabase<H extends object> implements Lender<H> {
  readonly #driver: Driver<H>;
  readonly #file: string;
  readonly #migration: Migration<H> | undefined;
  readonly #pragmas: Pragmas;
  #migrated: Promise<void> | undefined;
  #image: Promise<Image<H>> | undefined;
  #opened: Opened<H> | undefined;

  constructor(
    driver: Driver<H>,
    file: string,
    migration: Migration<H> | undefined,
    pragmas: Pragmas,
  ) {
    this.#driver = driver;
    this.#file = file;
    this.#migration = migration;
    this.#pragmas = pragmas;
    process.once('exit', () => {
      this.#close();
    });
  }

  forRollback(): Lend<H> | Promise<Lend<H>> {
    const lend: Lend<H> = (scope, lease) => this.#lend(scope, lease);
    const hasLeftOver = this.#opened?.turns.some(({ scope }) => scope.ended);
    if (this.#opened && !hasLeftOver) return lend;
    return this.#ready()
      .then(closeEndedScopes)
      .then(() => lend);
  }

  async forClone(): Promise<Lend<H>> {
    await this.#ready();
    const image = await (this.#image ??= this.#readImage());
    return (scope, lease) => lendClone(image, this.#pragmas, scope, lease);
  }

  #ready(): Promise<void> {
    return (this.#migrated ??= this.#migrate());
  }

  #lend(scope: TestScope, lease: Lease): H {
    const { shared, turns } = this.#handle(lease);
    assertFree(
      `the file ${this.#file}`,
      turns,
      scope,
      'Give each a copy of its own, by `db.clone(t)` or by `sqlite()` without `file`; or run them one after another.',
    );
    const turn = { scope, lease };
    turns.push(turn);
    const giveBack = (): void => {
      turns.splice(turns.indexOf(turn), 1);
      if (shared.isIdle && shared.isSpent) this.#close();
    };
    try {
      return shared.lend(scope, lease, giveBack);
    } catch (error) {
      giveBack();
      throw error;
    }
  }

  #handle(lease: Lease): Opened<H> {
    if (this.#opened?.isInPlace(this.#file) === false) this.#failReplaced(lease);
    return (this.#opened ??= new Opened(this.#open(), this.#file));
  }

  /** The handle is on a file that nobody can find any more. The next test opens the one there is. */
  #failReplaced(lease: Lease): never {
    this.#close();
    this.#migrated = undefined;
    this.#image = undefined;
    throw new HazardError('no-shared-sqlite-file', {
      happened: `${this.#file} was deleted or replaced while ${lease.owner} and those before it had it open. In WAL mode SQLite does not notice, and what is written is lost.`,
      acquired: lease.opened,
      test: lease.test,
      remedy:
        'Nobody but `sqlite()` may delete the file while tests run: everything that a test does to it is undone anyway.',
    });
  }

  #open(): RawHandle<H> {
    return opening(this.#file, () => {
      meet(undefined, this.#file);
      const raw = this.#driver.open(this.#file);
      setPragmas(raw, this.#pragmas);
      raw.all('SELECT 1 FROM sqlite_schema LIMIT 1'); // Says now what is no database.
      return raw;
    });
  }

  #close(): void {
    this.#opened?.shared.close();
    this.#opened = undefined;
  }

  async #readImage(): Promise<Image<H>> {
    const raw = opening(this.#file, () => this.#driver.open(this.#file, { readonly: true }));
    try {
      return await this.#driver.imageOf(raw);
    } finally {
      raw.close();
    }
  }

  async #migrate(): Promise<void> {
    if (this.#migration === undefined) return;
    const image = await buildImage(this.#driver, this.#migration, this.#pragmas);
    const is = opening(this.#file, () => this.#state());
    if (is === image.fingerprint) return;
    if (is === undefined) {
      throw new SetupError(
        'ERR_SAVEPOINT_SQLITE_NOT_OURS',
        `sqlite: ${this.#file} has tables that savepoint did not make; migrations would be committed to it. ` +
          'Name a file that does not exist yet, or leave out `migrate`: without it the tests run on the file as it is, and all they do is rolled back.',
      );
    }
    try {
      await this.#install(image);
    } catch (cause) {
      throw whyNot(this.#file, cause);
    }
  }

  /** The fingerprint of the migrations in the file; `''` in an empty file, `undefined` in a file of somebody else's. */
  #state(): string | undefined {
    meet(undefined, this.#file);
    const raw = this.#driver.open(this.#file);
    try {
      const tables = raw.all("SELECT name FROM sqlite_schema WHERE type = 'table'");
      if (tables.length === 0) return '';
      if (!tables.some(({ name }) => name === MARK)) return undefined;
      const [mark] = raw.all(`SELECT fingerprint FROM ${MARK}`);
      const fingerprint = mark?.['fingerprint'];
      return typeof fingerprint === 'string' ? fingerprint : '';
    } finally {
      raw.close();
    }
  }

  async #install(image: Image<H>): Promise<void> {
    const raw = image.copy();
    try {
      raw.exec(`CREATE TABLE ${MARK} (fingerprint TEXT NOT NULL)`);
      raw.exec(`INSERT INTO ${MARK} VALUES ('${image.fingerprint}')`);
      await raw.backUp(this.#file);
    } finally {
      raw.close();
    }
  }
}

/** A handle on the file, and which file that was: a name may come to stand for another. */
class Opened<H extends object> {
  readonly shared: SharedHandle<H>;
  readonly turns: Turn[];
  readonly #identity: string | undefined;

  constructor(raw: RawHandle<H>, file: string) {
    this.shared = new SharedHandle(raw);
    const path = pathOf(file);
    this.turns = turnsOn.get(path) ?? [];
    turnsOn.set(path, this.turns);
    this.#identity = identityOf(file);
  }

  /** Whether the name still stands for the file; not asked while its lock is held. */
  isInPlace(file: string): boolean {
    return this.shared.raw.inTransaction || identityOf(file) === this.#identity;
  }
}

function identityOf(file: string): string | undefined {
  const { dev, ino } = statSync(file, { throwIfNoEntry: false }) ?? {};
  return dev === undefined ? undefined : `${String(dev)}:${String(ino)}`;
}

/** @throws SetupError `ERR_SAVEPOINT_SQLITE_FILE` where the file cannot be opened, or is no database */
function opening<T>(file: string, open: () => T): T {
  try {
    return open();
  } catch (cause) {
    throw whyNot(file, cause);
  }
}

function whyNot(file: string, cause: unknown): unknown {
  if (cause instanceof SetupError || cause instanceof HazardError) return cause;
  if (resultCode(cause) === 'SQLITE_READONLY') return cannotBeWritten(file, cause);
  const reason = reasonFor(file, resultCode(cause)) ?? (cause as Error).message;
  return new SetupError('ERR_SAVEPOINT_SQLITE_FILE', `sqlite: ${file} ${reason}`, { cause });
}

function reasonFor(file: string, code: string | undefined): string | undefined {
  const found = statSync(file, { throwIfNoEntry: false });
  if (found?.isDirectory()) return 'is a directory; name a file in it';
  if (!existsSync(dirname(file)))
    return 'cannot be made: its folder does not exist. `tempDir(t)` of savepoint/process makes one';
  if (code === 'SQLITE_NOTADB') return 'is no SQLite database (file is not a database)';
  if (code === 'SQLITE_CORRUPT')
    return 'is a damaged SQLite database (database disk image is malformed); restore it, or delete it to have it made anew';
  return undefined;
}
