/**
 * What a real session keeps beyond its transactions, kept for each logical client of the one session
 * that there is: settings, channels, temporary and named objects, advisory locks. Where the server
 * cannot be made to tell clients apart, it refuses. Costs nothing while no client keeps anything.
 */
import type { AppTransaction } from '../app-transaction.ts';
import type { Question } from '../question.ts';
import { keptBySession } from '../refusals.ts';
import type { Asker, Session } from '../session.ts';
import type { Statement } from '../statements.ts';
import { Channels, type Unread } from './channels.ts';
import { constantOf } from './expressions.ts';
import { Locks } from './locks.ts';
import type { Announcement } from './notifications.ts';
import { Objects } from './objects.ts';
import { rowsOf } from './own-questions.ts';
import { Residue, type ResidueEffect } from './residue.ts';
import { sessionWordsOf, type SessionWord } from './session-words.ts';
import { Settings } from './settings.ts';
import type { StartSettings } from './start-settings.ts';
import type { Speech, Wording } from './speech.ts';

/** What a transaction will have done to its session once it commits. */
export type SessionEffect = Announcement | ResidueEffect | Unread;

export class SessionClients {
  readonly #session: Session;
  readonly #settings: Settings;
  readonly #objects: Objects;
  readonly #channels: Channels;
  readonly #locks: Locks;
  readonly #residue = new Residue<Asker>();
  #served: Asker | undefined;
  /** What gives back the locks of clients that are gone. */
  #farewell: string[] = [];

  /**
   * @param began what the session began with
   * @param served who was served last, when nobody kept anything
   */
  constructor(session: Session, began: StartSettings, served: Asker | undefined) {
    this.#session = session;
    this.#settings = new Settings(session, began);
    this.#objects = new Objects(session);
    this.#channels = new Channels(session);
    this.#locks = new Locks(session);
    if (served) this.#show(served);
  }

  /** Prepared statements that no ROLLBACK ends. */
  get lastingStatements(): Iterable<string> {
    return this.#objects.lasting;
  }

  /**
   * Makes the session this client's before its question; answers nothing where that takes no time.
   * @returns rejects with a HazardError when another client left what cannot be put back
   */
  serve(client: Asker, question: Question): Promise<void> | undefined {
    if (this.#farewell.length > 0) this.#session.sendLater(...this.#farewell.splice(0));
    if (client === this.#served) return undefined;
    const refusal = this.#settings.refusal(client, question);
    if (refusal) return Promise.reject(refusal);
    if (this.#settings.values.awaits(client))
      return this.#heardAll().then(() => {
        this.#show(client);
      });
    this.#show(client);
    return undefined;
  }

  /**
   * Hears statements before they are sent; answers nothing when they say nothing to the session.
   * @throws HazardError when the server could not tell the clients apart
   */
  hear(
    client: Asker,
    transaction: AppTransaction,
    question: Question,
    statements: readonly Statement[],
  ): Promise<Wording> | undefined {
    const words = statements.flatMap(sessionWordsOf);
    if (words.length === 0) return undefined;
    const said = { sql: question.text ?? '', values: question.values };
    return this.#word({
      client,
      transaction,
      question,
      said,
      words,
      statements: statements.length,
    });
  }

  /** What a transaction did to its session becomes true. */
  commit(client: Asker, { kept }: AppTransaction): void {
    const { effects } = kept;
    if (effects.length === 0) return;
    this.#residue.commit(
      client,
      effects.filter((effect) => effect.is === 'keep' || effect.is === 'undo'),
    );
    this.#channels.commit(
      client,
      effects.filter(
        ({ is }) => is === 'listen' || is === 'unlisten' || is === 'notify',
      ) as Announcement[],
    );
  }

  /** A question of this client is about to be answered. */
  answered(client: Asker): void {
    this.#channels.deliver(client);
  }

  openLevel(): void {
    this.#settings.values.openLevel();
    this.#objects.temporary.openLevel();
  }

  /** The server has again what it had when the level was opened. */
  closeLevel(clients: readonly Asker[]): void {
    this.tellResidue(clients);
    this.#settings.values.closeLevel();
    this.#objects.temporary.closeLevel();
    this.#served = undefined;
    for (const client of clients) this.drop(client);
  }

  /** A client has ended, and with it what its session kept. */
  drop(client: Asker): void {
    this.#farewell.push(...this.#locks.drop(client));
    this.#channels.drop(client);
    this.#objects.drop(client);
    this.#settings.drop(client);
    this.#residue.drop(client);
  }

  /** Tells what clients keep that went back to their pool with it. @param clients these, or all */
  tellResidue(clients?: readonly Asker[]): void {
    const left = new Map([...this.#residue.of(clients), ...this.#locks.held(clients)]);
    const [first] = left.values();
    if (first)
      this.#session.notes.tell('no-dirty-release', () =>
        keptBySession(this.#session, first, [...left.keys()]),
      );
  }

  #show(client: Asker): void {
    this.#served = client;
    const objects = this.#objects.temporary.serve(client);
    this.#session.sendLater(...this.#settings.values.serve(client, objects));
  }

  /** Has everything sent that is to be sent, so that its answers are here. */
  async #heardAll(): Promise<void> {
    await rowsOf(this.#session, 'SELECT');
  }

  async #word(speech: Speech): Promise<Wording> {
    const wordings = [
      this.#settings.hear(speech),
      await this.#objects.hear(speech),
      await this.#channels.hear(speech),
      await this.#locks.hear(speech),
    ].filter((wording) => wording !== undefined);
    return {
      ahead: wordings.flatMap(({ ahead = [] }) => ahead),
      text: wordings.find(({ text }) => text !== undefined)?.text,
      tag: wordings.find(({ tag }) => tag !== undefined)?.tag,
      done: async () => {
        for (const word of speech.words) follow(speech, word);
        for (const { done } of wordings) await done?.();
      },
    };
  }
}

/** Keeps up with the app's savepoints, and with what the client will have kept. */
function follow(
  { transaction: { kept }, question: { asked, isSetUp }, said }: Speech,
  word: SessionWord,
): void {
  const keep = (what: string) => {
    // What is said before a client is taken for the first time makes it what it is meant to be.
    if (!isSetUp) kept.add({ is: 'keep', what, asked });
  };
  const undo = (what: string | RegExp) => {
    kept.add({ is: 'undo', what });
  };
  switch (word.is) {
    case 'savepoint':
      kept.savepoint(word.name);
      return;
    case 'release':
      kept.release(word.name);
      return;
    case 'rollback to':
      kept.rollbackTo(word.name);
      return;
    case 'set': {
      const { parameter } = word;
      const name = typeof parameter === 'string' ? parameter : constantOf(parameter, said);
      keep(`SET ${name ?? 'something'}`);
      return;
    }
    case 'reset':
      undo(word.parameter === undefined ? /^SET / : `SET ${word.parameter}`);
      return;
    case 'listen':
      keep(`LISTEN ${word.channel}`);
      return;
    case 'unlisten':
      undo(word.channel === undefined ? /^LISTEN / : `LISTEN ${word.channel}`);
      return;
    case 'make temporary':
      if (word.name !== undefined) keep(`the temporary object ${word.name}`);
      return;
    case 'drop':
      undo(`the temporary object ${word.name}`);
      return;
    case 'discard':
      if (word.what === 'temp') undo(/^the temporary object /);
      return;
    case 'set local':
    case 'notify':
    case 'list channels':
    case 'make':
    case 'use':
    case 'advisory':
      return;
  }
}
