/**
 * A migrated database on a server, made once however many processes want it at the same time, on
 * however many machines: the server's own locks are the only coordinator. It is only ever copied.
 * Whoever uses it or its copies holds it for as long as his process lives.
 */
import pg from 'pg';
import { SetupError } from '../setup-error.ts';
import { codeOf, withConnection, withDatabase } from './connect.ts';
import { digest, markText, readMark, type Mark } from './database-names.ts';
import {
  copyStatement,
  dropWithSessions,
  endSessions,
  IN_USE,
  isLeft,
  untilLeft,
  whyInUse,
  type Asks,
} from './database-sessions.ts';
import { readFailure, tellFailure } from './migrations/failure.ts';
import type { Migrations } from './migrations.ts';
import { dropOrphans } from './orphans.ts';
import { Owner } from './owner.ts';
import { Progress } from './progress.ts';
import { describeTarget, targetOf } from './test-database.ts';

/** What clones are made from. */
export interface Template {
  readonly owner: Owner;
  /** The server, as the user named it. */
  readonly server: string;
  /** What was declared, whatever it says by now. */
  readonly lineage: string;
  /**
   * Makes a copy under a name that nobody has.
   * @param by the connection that does it; default that of the owner
   * @throws HazardError `no-template-in-use`, naming who is connected to it
   */
  copyTo(name: string, by?: Asks): Promise<void>;
  /** Gives up the claim on it; from then on it may be dropped. */
  release(): Promise<void>;
}

/** The first test does not wait for the server to look after what others left. */
const PRUNES_AFTER_MILLIS = 100;

// Kept from before a test can mock the timers.
const { setTimeout, clearTimeout } = globalThis;

/** A template of savepoint's own. */
export interface MigratedTemplate extends Template {
  /** The connection string of the copy that the rollback tests of all processes share. */
  shared(): Promise<string>;
  /** Drops what runs that are over left; nobody need wait for it. */
  prune(): void;
}

/**
 * A template with these migrations, made if need be.
 *
 * @param server a connection string to the server
 * @param migrations they may still be read; what is wrong with them is said whatever becomes of the server
 * @param expect told early what `shared()` will answer, if there is such a database, finished or not
 * @throws SetupError `ERR_SAVEPOINT_MIGRATION` when a migration fails, its own error first;
 *   `ERR_SAVEPOINT_CREATEDB` when the role may not create databases; `ERR_SAVEPOINT_READ_ONLY`
 *   when its transactions are so by default; `ERR_SAVEPOINT_CONNECT`.
 *   HazardError `no-template-in-use` when the migrations leave connections open
 */
export async function migratedTemplate(
  server: string,
  migrations: Migrations | Promise<Migrations>,
  expect: (shared: string) => void = () => undefined,
): Promise<MigratedTemplate> {
  const connecting = Owner.on(server);
  let read: Migrations;
  try {
    // Should the server refuse meanwhile, that is heard below.
    connecting.catch(() => undefined);
    read = await migrations;
  } catch (error) {
    connecting.then((owner) => owner.release()).catch(() => undefined);
    throw error;
  }
  const owner = await connecting;
  try {
    const template = new Migrated(owner, server, read);
    const prepared = template.prepare();
    // Beside the first look at it.
    if (template.mayBeShared) expect(template.sharedString);
    await prepared;
    return template;
  } catch (error) {
    await owner.release();
    throw error;
  }
}

/** A database of the user's own as a template: as it is whenever it is copied. */
export async function namedTemplate(connectionString: string): Promise<Template> {
  const owner = await Owner.on(connectionString);
  const name = targetOf({ connectionString }).database;
  return {
    owner,
    server: connectionString,
    lineage: name,
    copyTo: (copy, by = owner) => copyDatabase(owner, by, connectionString, name, copy),
    release: () => owner.release(),
  };
}

class Migrated implements MigratedTemplate {
  readonly owner: Owner;
  readonly server: string;
  readonly lineage: string;
  readonly #migrations: Migrations;
  /** Names it, its copies, and the lock on all of them. */
  readonly #fingerprint: string;
  readonly #name: string;
  /** The copy in which rollback tests meet. */
  readonly #shared: string;
  /** What a copy does not have by itself: what was said of the database as a whole. */
  #settings: Promise<readonly string[]> | undefined;
  /** Who made it: this process, another one just now, or any before. */
  #madeBy: 'us' | 'another' | 'earlier' = 'earlier';
  #hasShared = false;
  /** The attempt whose failure was there before this process came. */
  #failedBefore: string | undefined;
  #pruneSoon: NodeJS.Timeout | undefined;
  #pruned: Promise<unknown> | undefined;

  constructor(owner: Owner, server: string, migrations: Migrations) {
    this.owner = owner;
    this.server = server;
    this.lineage = migrations.lineage;
    this.#migrations = migrations;
    this.#fingerprint = digest([owner.abilities, migrations.fingerprint]).toString('hex', 0, 8);
    this.#name = owner.names.templateOf(this.#fingerprint);
    this.#shared = owner.names.sharedOf(this.#fingerprint);
  }

  async prepare(): Promise<void> {
    // Claimed before it is looked at: what is claimed is not dropped meanwhile.
    const claim = () => this.owner.claim(this.#fingerprint);
    const mark = await this.owner.behind(claim, this.#look);
    if (mark?.is === 'ready') return;
    if (mark?.is === 'failed') this.#failedBefore = mark.attempt;
    try {
      this.#madeBy = (await this.#buildOnce()) ? 'us' : 'another';
    } catch (error) {
      // If even this fails, the next start does it.
      await this.#giveUp().catch(() => undefined);
      throw error;
    }
  }

  /** Whether it had a copy for rollback tests when this process came, which could be left at once. */
  get mayBeShared(): boolean {
    // A pooler stays connected when its client has gone.
    return !this.owner.isPooled && this.owner.sharedAtFirst.has(this.#shared);
  }

  get sharedString(): string {
    return withDatabase(this.server, this.#shared);
  }

  async shared(): Promise<string> {
    if (!this.#hasShared) {
      const isThere = () => exists(this.owner, this.#shared);
      await this.owner.whileAlone(this.#fingerprint, isThere, async (there) => {
        if (!there) await this.copyTo(this.#shared);
      });
      this.#hasShared = true;
    }
    return this.sharedString;
  }

  async copyTo(name: string, by: Asks = this.owner): Promise<void> {
    await copyDatabase(this.owner, by, this.server, this.#name, name);
    const settings = await (this.#settings ??= settingsOf(this.owner, this.#name));
    for (const setting of settings) await by.query(setting.replaceAll(PLACEHOLDER, name));
  }

  prune(): void {
    // Who makes a template looks after what is there; those who waited for him need not, all at once.
    if (this.#madeBy === 'another') return;
    this.#pruneSoon ??= setTimeout(() => void this.#prune(), PRUNES_AFTER_MILLIS);
    this.#pruneSoon.unref();
  }

  async release(): Promise<void> {
    clearTimeout(this.#pruneSoon);
    if (this.#pruneSoon) await this.#prune();
    await this.owner.release();
  }

  #prune(): Promise<unknown> {
    const extent = this.#madeBy === 'us' ? { lineage: this.lineage } : {};
    return (this.#pruned ??= dropOrphans(this.owner, extent).catch(() => undefined));
  }

  /** What it says of itself. */
  readonly #look = async (): Promise<Mark | undefined> => {
    const rows = await this.owner.query<{ name: string; comment: string | null }>(
      `select datname as name, shobj_description(oid, 'pg_database') as comment
       from pg_database where datname = $1 or datname = $2`,
      [this.#name, this.#shared],
    );
    const mark = readMark(rows.find(({ name }) => name === this.#name)?.comment);
    this.#hasShared = mark?.is === 'ready' && rows.length === 2;
    return mark;
  };

  /** @returns whether it was this process that built it */
  async #buildOnce(): Promise<boolean> {
    const alone = await this.owner.ifAlone(this.#fingerprint, this.#look, this.#buildUnlessMade);
    return alone ?? this.#buildAfterOthers();
  }

  /** Another process builds it. When it cannot, all who wait hear why, and nobody tries it again. */
  async #buildAfterOthers(): Promise<boolean> {
    const progress = new Progress('waiting for another process, which migrates');
    try {
      if (this.#isMade(await this.owner.whenNobody(this.#fingerprint, this.#look))) return false;
      // Whoever was at it was killed, and of all who waited one goes on.
      return await this.owner.whileAlone(this.#fingerprint, this.#look, this.#buildUnlessMade);
    } finally {
      progress.end();
    }
  }

  /**
   * Whether others have made it.
   * @throws SetupError what kept them from it, if they tried while this process waited
   */
  #isMade(mark: Mark | undefined): boolean {
    if (mark?.is === 'failed' && mark.attempt !== this.#failedBefore) throw readFailure(mark);
    return mark?.is === 'ready';
  }

  readonly #buildUnlessMade = async (mark: Mark | undefined): Promise<boolean> => {
    if (this.#isMade(mark)) return false;
    try {
      await this.#build();
      return true;
    } catch (error) {
      // If even this fails, those who wait try for themselves.
      await this.#tellOthers(error).catch(() => undefined);
      throw error;
    }
  };

  async #tellOthers(failure: unknown): Promise<void> {
    // Who was cut off for so long that the server gave him up finds that another has made it.
    if ((await this.#look())?.is === 'ready') return;
    await this.#mark(tellFailure(failure, this.server));
  }

  /** Makes the database; it says that it is ready only when its migrations have ended. */
  async #build(): Promise<void> {
    const { owner } = this;
    const name = this.#name;
    const connectionString = withDatabase(this.server, name);
    const { run } = this.#migrations;
    const progress = new Progress('migrating');
    try {
      await whereWritable(this.server, async () => {
        await dropWithSessions(owner, this.#shared);
        await dropWithSessions(owner, name);
        await create(owner, this.server, `create database ${name}`);
      });
      await withConnection(connectionString, (client: pg.Client) =>
        this.#migrations.apply(client, connectionString, (what) => {
          progress.say(`migrating: ${what}`);
        }),
      );
      await owner.query(`alter database ${name} allow_connections false`);
      // What a pooler keeps open is nobody's any more.
      if (owner.isPooled) await endSessions(owner, name);
      await untilLeft(owner, name);
      // Before others go on, who want it all at the same time.
      await this.copyTo(this.#shared);
      await this.#mark({ is: 'ready', lineage: this.lineage, run });
      this.#hasShared = true;
    } finally {
      progress.end();
    }
  }

  async #mark(mark: Mark): Promise<void> {
    const text = pg.escapeLiteral(markText(mark));
    await this.owner.query(`comment on database ${this.#name} is ${text}`);
  }

  /** Claims it no longer. Whoever is the last to do so takes away what there is of it. */
  async #giveUp(): Promise<void> {
    const { owner } = this;
    await owner.disclaim(this.#fingerprint);
    await owner.whileUnheld([this.#fingerprint], async () => {
      if ((await this.#look())?.is === 'ready') return;
      // A connection that is ended from outside can end this process, and with it what it has to say.
      if (owner.isPooled || (await isLeft(owner, this.#name)))
        await dropWithSessions(owner, this.#name);
    });
  }
}

async function copyDatabase(
  owner: Owner,
  by: Asks,
  server: string,
  template: string,
  name: string,
): Promise<void> {
  const quoted = `"${template.replaceAll('"', '""')}"`;
  try {
    await whereWritable(server, () => create(by, server, copyStatement(name, quoted)));
  } catch (error) {
    throw codeOf(error) === IN_USE ? await whyInUse(owner, template) : error;
  }
}

async function create(by: Asks, server: string, statement: string): Promise<void> {
  try {
    await by.query(statement);
  } catch (error) {
    if (codeOf(error) !== '42501') throw error;
    const target = targetOf({ connectionString: server });
    throw new SetupError(
      'ERR_SAVEPOINT_CREATEDB',
      `${describeTarget(target)} may not create databases, and migrations and clones have databases of their own. ` +
        `Either ALTER ROLE "${target.user}" CREATEDB, or migrate a test database yourself, leave out migrate, and use rollback(t).`,
      { cause: error },
    );
  }
}

async function whereWritable(server: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (codeOf(error) !== READ_ONLY) throw error;
    const target = targetOf({ connectionString: server });
    throw new SetupError(
      'ERR_SAVEPOINT_READ_ONLY',
      `The transactions of ${describeTarget(target)} are READ ONLY, and migrations and clones write. ` +
        `Set default_transaction_read_only to off for the role, database or server that tests use: ALTER ROLE "${target.user}" SET default_transaction_read_only = off.`,
      { cause: error },
    );
  }
}

async function exists(owner: Owner, name: string): Promise<boolean> {
  const found = await owner.query('select 1 from pg_database where datname = $1', [name]);
  return found.length > 0;
}

/** https://www.postgresql.org/docs/current/errcodes-appendix.html */
const READ_ONLY = '25006';
const PLACEHOLDER = '{database}';

/** As statements: settings and rights of the database as a whole, which CREATE DATABASE copies not. */
async function settingsOf(owner: Owner, name: string): Promise<string[]> {
  const rows = await owner.query<{ statement: string }>(
    `with template as (select * from pg_database where datname = $1)
     select case when setrole = 0 then format('alter database %s', $2::text)
                 else format('alter role %s in database %s', setrole::regrole, $2::text) end
       || format(' set %I = ', split_part(setting, '=', 1))
       || case when split_part(setting, '=', 1) in ('search_path', 'temp_tablespaces', 'session_preload_libraries', 'local_preload_libraries')
               then substr(setting, strpos(setting, '=') + 1)
               else quote_literal(substr(setting, strpos(setting, '=') + 1)) end as statement
     from template join pg_db_role_setting on setdatabase = template.oid, unnest(setconfig) as setting
     union all
     select format('revoke all on database %s from public', $2::text) from template where datacl is not null
     union all
     select format('grant %s on database %s to %s%s', privilege_type, $2::text,
       case when grantee = 0 then 'public' else grantee::regrole::text end,
       case when is_grantable then ' with grant option' else '' end)
     from template, aclexplode(datacl) where grantee <> datdba`,
    [name, PLACEHOLDER],
  );
  return rows.map(({ statement }) => statement);
}
