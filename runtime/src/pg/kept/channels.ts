/**
 * LISTEN and NOTIFY: the server is sent them and checks them, and never delivers, for a sandbox never
 * commits. What a statement notifies is read from it; what functions and triggers notify is not seen.
 */
import { refusedSession, unheardNotifications } from '../refusals.ts';
import type { Asker, Session } from '../session.ts';
import { constantOf, sqlOf, type Expression } from './expressions.ts';
import { Notifications, type Announcement, type Notification } from './notifications.ts';
import { rowsOf } from './own-questions.ts';
import type { SessionWord } from './session-words.ts';
import { wordsOf, type Speech, type Wording } from './speech.ts';

/** A NOTIFY whose channel or message could not be read. */
export type Unread = { readonly is: 'notify unread' };
type Notify = Extract<SessionWord, { is: 'notify' }>;

// Kept from before a test can mock it.
const { setImmediate } = globalThis;

export class Channels {
  readonly #session: Session;
  readonly #notifications = new Notifications<Asker>();
  #undelivered: (readonly [Asker, Notification])[] = [];
  #soughtNotifiers = false;

  constructor(session: Session) {
    this.#session = session;
  }

  drop(client: Asker): void {
    this.#notifications.drop(client);
  }

  /** @throws HazardError when somebody listens and a message cannot be read */
  async hear(speech: Speech): Promise<Wording | undefined> {
    this.#refuseList(speech);
    const words = wordsOf(speech, 'listen', 'unlisten', 'notify');
    if (words.length === 0) return undefined;
    const { kept } = speech.transaction;
    const announced: (Announcement | Unread)[] = [];
    for (const word of words) {
      if (word.is === 'notify') announced.push(await this.#read(speech, word));
      else announced.push(word);
    }
    const listens = words.some(({ is }) => is === 'listen');
    if (listens && kept.effects.some(({ is }) => is === 'notify unread'))
      throw this.#unreadable(speech);
    return {
      done: async () => {
        for (const announcement of announced) kept.add(announcement);
        if (listens) await this.#seekNotifiers(speech);
      },
    };
  }

  /** A transaction's announcements take effect. */
  commit(client: Asker, said: readonly Announcement[]): void {
    if (said.length === 0) return;
    this.#undelivered.push(...this.#notifications.commit(client, said, this.#session.processId));
  }

  /** Has heard what is to be heard, at the end of a question; a listener in a transaction hears it later. */
  deliver(client: Asker): void {
    if (this.#undelivered.length === 0) return;
    const undelivered = this.#undelivered;
    this.#undelivered = undelivered.filter(([listener]) => listener.transaction);
    for (const [listener, notification] of undelivered) {
      if (listener.transaction || !this.#notifications.hears(listener, notification)) continue;
      // The server answers a client's own before its COMMIT, the others whenever they look.
      if (listener === client) hearNow(listener, notification);
      else
        setImmediate(() => {
          listener.hearNotification(notification);
        });
    }
  }

  /** What the server never hears of, it does not list. */
  #refuseList(speech: Speech): void {
    if (wordsOf(speech, 'list channels').length === 0) return;
    if (this.#notifications.channelsOf(speech.client).length === 0) return;
    throw refusedSession(this.#session, speech.question, 'pg_listening_channels() after LISTEN');
  }

  async #read(speech: Speech, { channel, payload, once }: Notify): Promise<Announcement | Unread> {
    const isWanted =
      this.#notifications.areHeard ||
      [...speech.words, ...speech.transaction.kept.effects].some(({ is }) => is === 'listen');
    const name =
      typeof channel === 'string' ? channel : await this.#valueOf(speech, channel, isWanted);
    const message = payload ? await this.#valueOf(speech, payload, isWanted) : '';
    if (once && name !== undefined && name !== null && message !== undefined)
      return { is: 'notify', channel: name, payload: message ?? '' };
    // The server's error says that a channel has no name.
    if (isWanted && name !== null) throw this.#unreadable(speech);
    return { is: 'notify unread' };
  }

  async #valueOf(
    { said }: Speech,
    expression: Expression,
    isWanted: boolean,
  ): Promise<string | null | undefined> {
    const constant = constantOf(expression, said);
    if (constant !== undefined || !isWanted) return constant;
    const sql = sqlOf(expression, said);
    return sql === undefined
      ? undefined
      : (await rowsOf(this.#session, `SELECT ${sql}::text`))?.[0]?.[0];
  }

  #unreadable({ question }: Speech): Error {
    return refusedSession(
      this.#session,
      question,
      'a notification that somebody listens for, and whose text only the server knows,',
    );
  }

  /** A note and no refusal: apps listen when they start, and few tests wait for what a trigger says. */
  async #seekNotifiers({ question }: Speech): Promise<void> {
    if (this.#soughtNotifiers) return;
    this.#soughtNotifiers = true;
    const rows = (await rowsOf(this.#session, NOTIFIERS)) ?? [];
    const names = rows.flatMap(([name]) => name ?? []);
    if (names.length === 0) return;
    this.#session.notes.tell('no-sandboxed-concurrency-test', () =>
      unheardNotifications(this.#session, question.asked, names),
    );
  }
}

const NOTIFIERS = `SELECT DISTINCT p.oid::pg_catalog.regproc::text FROM pg_catalog.pg_proc p
  WHERE p.pronamespace <> 'pg_catalog'::pg_catalog.regnamespace AND p.prosrc ~* '\\mnotify\\M|\\mpg_notify\\M'
  ORDER BY 1 LIMIT 5`;

/** What a listener throws is uncaught, as in the driver, and no fault of the transaction. */
function hearNow(listener: Asker, notification: Notification): void {
  try {
    listener.hearNotification(notification);
  } catch (error) {
    process.nextTick(() => {
      throw error;
    });
  }
}
