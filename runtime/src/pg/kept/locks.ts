/**
 * Calls of the functions on advisory locks, as if each logical client held its own: what another
 * client's lock would change is answered as the server would, where the call is all that a statement
 * says, and refused elsewhere.
 */
import pg from 'pg';
import {
  AdvisoryLocks,
  argumentsOf,
  lockKey,
  type LockKey,
  type LockMode,
} from './advisory-locks.ts';
import { constantOf, sqlOf, type Said } from './expressions.ts';
import type { Trace } from '../../trace.ts';
import { refusedSession } from '../refusals.ts';
import type { Asker, Session } from '../session.ts';
import { rowsOf } from './own-questions.ts';
import type { AdvisoryCall } from './session-words.ts';
import { wordsOf, type Speech, type Wording } from './speech.ts';

/** A call, and the lock it means; undefined where that cannot be known before it is made. */
interface Meant {
  readonly call: AdvisoryCall;
  readonly key: LockKey | undefined;
}

/** What a client called for, before the server's answer is read. */
interface Unread {
  readonly client: Asker;
  readonly meant: readonly Meant[];
  /** Whether all of it ends with the transaction. */
  readonly ends: boolean;
}

export class Locks {
  readonly #session: Session;
  readonly #locks = new AdvisoryLocks<Asker>();
  /** Where a client called for a lock last. */
  readonly #asked = new WeakMap<Asker, () => Trace>();
  /** Whose statement took locks that were not read yet. */
  #unread: Unread | undefined;

  constructor(session: Session) {
    this.#session = session;
  }

  /** What these clients, or all of them, hold: in words, and where it was asked for. */
  held(clients?: readonly Asker[]): [what: string, asked: () => Trace][] {
    return this.#locks.locks().flatMap(({ client, key }) => {
      const asked = this.#asked.get(client);
      if (!asked || (clients && !clients.includes(client))) return [];
      return [[`the advisory lock ${argumentsOf(key)}`, asked]];
    });
  }

  /** @throws HazardError where another client's lock is in the way and the sandbox cannot say so */
  async hear(speech: Speech): Promise<Wording | undefined> {
    const calls = wordsOf(speech, 'advisory');
    if (calls.length === 0) return undefined;
    const { client, question, said } = speech;
    this.#asked.set(client, question.asked);
    if (this.#unread) await this.#readAfterFailure(this.#unread);
    const meant: Meant[] = [];
    for (const call of calls) meant.push({ call, key: await this.#keyOf(call, said) });
    const blocked = meant.find((one) => this.#isDifferent(client, one));
    if (blocked) return this.#answer(speech, blocked, calls.length);
    const taken = calls.filter(({ does }) => does === 'lock' || does === 'try');
    this.#unread = { client, ends: taken.every(({ ends }) => ends), meant };
    return {
      done: () =>
        this.#read((present) => {
          for (const one of meant) this.#count(client, one, present);
        }),
    };
  }

  /** What gives back the locks of a client that is gone. */
  drop(client: Asker): string[] {
    const locks = this.#locks.locksOf(client);
    this.#locks.giveBackAll(client);
    return locks.flatMap(({ key, mode, count }) => Array<string>(count).fill(unlock(key, mode)));
  }

  async #keyOf({ key, once, does }: AdvisoryCall, said: Said): Promise<LockKey | undefined> {
    if (!once || does === 'unlock all') return undefined;
    const constants = key.map((argument) => constantOf(argument, said));
    if (!constants.includes(undefined)) return lockKey(constants);
    const parts = key.map((argument) => sqlOf(argument, said));
    if (parts.includes(undefined)) return undefined;
    const rows = await rowsOf(
      this.#session,
      `SELECT ${parts.map((part) => `${String(part)}::text`).join(', ')}`,
    );
    return rows?.[0] && lockKey(rows[0]);
  }

  /** Whether the server, to which all clients are one, would answer otherwise than in production. */
  #isDifferent(client: Asker, { call, key }: Meant): boolean {
    const mode = modeOf(call);
    if (key === undefined) return this.#locks.heldByAnother(client);
    switch (call.does) {
      case 'lock':
      case 'try':
        return this.#locks.inTheWay(client, key, mode) !== undefined;
      case 'unlock':
        return (
          !this.#locks.holds(client, key, mode) && this.#locks.heldByAnother(client, key, mode)
        );
      case 'unlock all':
        return this.#locks.heldByAnother(client);
    }
  }

  /** As the server would, if each client had a session of its own. */
  #answer({ client, question, statements }: Speech, { call, key }: Meant, calls: number): Wording {
    const { column } = call;
    const isAlone = statements === 1 && calls === 1 && question.isPlain;
    const isKnown = key !== undefined || call.does === 'unlock all';
    if (!isAlone || !isKnown || column === undefined || call.does === 'lock') {
      const which = key === undefined ? 'advisory locks' : `the advisory lock ${argumentsOf(key)}`;
      throw refusedSession(this.#session, question, `${which} while another client holds one`);
    }
    const named = `AS ${pg.escapeIdentifier(column)}`;
    switch (call.does) {
      case 'try':
        return { text: `SELECT false ${named}` };
      case 'unlock':
        // Of a lock that nobody holds; the warning and the answer are the server's.
        return { text: `${unlock(NOBODYS, modeOf(call))} ${named}` };
      case 'unlock all':
        return { text: `SELECT pg_catalog.pg_sleep(0) ${named}`, ahead: this.drop(client) };
    }
  }

  #count(client: Asker, { call, key }: Meant, present: ReadonlySet<string>): void {
    if (call.does === 'unlock all') this.#locks.giveBackAll(client);
    if (key === undefined) return;
    const mode = modeOf(call);
    if (call.ends) this.#locks.takeForTransaction(key, mode);
    else if (call.does === 'unlock') this.#locks.giveBack(client, key, mode);
    else if (call.does !== 'unlock all' && present.has(`${key} ${mode}`))
      this.#locks.take(client, key, mode);
  }

  /** A text that failed keeps the locks of the session that it took before that. */
  async #readAfterFailure({ client, meant }: Unread): Promise<void> {
    for (const { call, key } of meant) {
      if (key === undefined || call.ends || (call.does !== 'lock' && call.does !== 'try')) continue;
      const mode = modeOf(call);
      if (!this.#locks.isHiddenByEnded(key, mode)) continue;
      const [held] = (await rowsOf(this.#session, heldBySession(key, mode)))?.[0] ?? [];
      if (held === 't') this.#locks.take(client, key, mode);
    }
    await this.#read();
  }

  /** Learns what the server holds. @param count told what that is before it is compared */
  async #read(count?: (present: ReadonlySet<string>) => void): Promise<void> {
    const unread = this.#unread;
    const rows = await rowsOf(this.#session, HELD);
    if (!rows || !unread) return;
    const present = new Set(rows.map(([held]) => held ?? ''));
    count?.(present);
    this.#locks.reconcile(present, unread.client, unread.ends);
    this.#unread = undefined;
  }
}

/** As `key mode`. */
const HELD = `SELECT format('%s:%s:%s %s', classid, objid, objsubid, CASE mode WHEN 'ShareLock' THEN 'shared' ELSE 'exclusive' END)
  FROM pg_catalog.pg_locks WHERE locktype = 'advisory' AND granted AND pid = pg_catalog.pg_backend_pid()`;

/** Asks whether the session holds a lock by itself, and not only a transaction of it. */
function heldBySession(key: LockKey, mode: LockMode): string {
  const lock = `${mode === 'shared' ? '_shared' : ''}(${argumentsOf(key)})`;
  return `SELECT CASE WHEN pg_catalog.pg_advisory_unlock${lock} THEN pg_catalog.pg_try_advisory_lock${lock} END`;
}

/** A lock that no app asks for. */
const NOBODYS: LockKey = '2863311530:1431655765:1';

function unlock(key: LockKey, mode: LockMode): string {
  return `SELECT pg_catalog.pg_advisory_unlock${mode === 'shared' ? '_shared' : ''}(${argumentsOf(key)})`;
}

function modeOf({ shared }: AdvisoryCall): LockMode {
  return shared ? 'shared' : 'exclusive';
}
