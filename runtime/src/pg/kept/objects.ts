/** Temporary tables, prepared statements of SQL and cursors WITH HOLD: what one client makes, no other has. */
import { refusedSession } from '../refusals.ts';
import type { Control } from '../exchange.ts';
import type { Asker, Session } from '../session.ts';
import { rowsOf } from './own-questions.ts';
import { discardOf, NamedObjects, stillThere } from './named-objects.ts';
import type { NamedObject, SessionWord } from './session-words.ts';
import { wordsOf, type Speech, type Wording } from './speech.ts';
import { TemporaryObjects } from './temporary-objects.ts';

export class Objects {
  readonly temporary = new TemporaryObjects<Asker>();
  readonly #named = new NamedObjects<Asker>();
  readonly #prepared = new Set<string>();
  readonly #gone = new WeakSet<Asker>();
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  /** What the app prepared, also in a text that failed later, stays prepared when a transaction is rolled back. */
  get lasting(): Iterable<string> {
    return this.#prepared;
  }

  drop(client: Asker): void {
    this.#gone.add(client);
  }

  /** @throws HazardError when a statement means what another client has */
  async hear(speech: Speech): Promise<Wording | undefined> {
    const words = wordsOf(speech, 'make temporary', 'discard', 'make', 'use');
    if (words.length === 0) return undefined;
    const ahead: Control[] = [];
    let tag: string | undefined;
    for (const word of words) {
      if (word.is === 'make temporary') this.temporary.made(speech.client);
      if (word.is === 'make' && word.noun === 'prepared statement') this.#prepare(speech, word);
      if (word.is === 'discard') this.#refuseDiscard(speech, word.what);
      if (word.is !== 'use') continue;
      if (word.noun === 'prepared statement' && word.name === undefined) {
        ahead.push(...(await this.#deallocateAll(speech)));
        tag = 'DEALLOCATE ALL';
      } else {
        ahead.push(...(await this.#clear(speech, word.noun, word.name)));
      }
    }
    const done = () => {
      for (const word of words)
        if (word.is === 'make' && word.noun === 'cursor')
          this.#named.made(word.noun, word.name, speech.client);
    };
    return { ahead, tag, done };
  }

  /** Before it is: a text that fails later has prepared what stands ahead of that. */
  #prepare({ client }: Speech, { noun, name }: Extract<SessionWord, { is: 'make' }>): void {
    this.#prepared.add(name);
    this.#named.made(noun, name, client);
  }

  #refuseDiscard({ client, question }: Speech, what: 'temp' | 'sequences' | 'plans'): void {
    if (what === 'temp' && this.temporary.othersThan(client))
      throw refusedSession(
        this.#session,
        question,
        'DISCARD TEMP while another client has temporary objects',
      );
  }

  /** Makes room for a name that a client which is gone has used. @throws HazardError when another has it */
  async #clear(
    { client, question }: Speech,
    noun: NamedObject,
    name: string | undefined,
  ): Promise<string[]> {
    const others = this.#named.ofOthers(noun, name, client);
    if (others.length === 0) return [];
    const rows = (await rowsOf(this.#session, stillThere(noun, others))) ?? [];
    const there = rows.flatMap(([found]) => found ?? []);
    for (const other of others) if (!there.includes(other)) this.#named.forget(noun, other);
    const taken = there.filter(
      (other) => !this.#gone.has(this.#named.makerOf(noun, other) ?? client),
    );
    if (taken[0] !== undefined)
      throw refusedSession(
        this.#session,
        question,
        `the ${noun} "${taken[0]}", which another client has`,
      );
    return there.map((other) => {
      this.#named.forget(noun, other);
      return discardOf(noun, other);
    });
  }

  /** Only those of this client: the server's own command would take the others' and the sandbox's. */
  async #deallocateAll({ client, question, statements }: Speech): Promise<string[]> {
    if (statements > 1 || !question.isPlain)
      throw refusedSession(
        this.#session,
        question,
        'DEALLOCATE ALL together with other statements',
      );
    const rows =
      (await rowsOf(this.#session, 'SELECT name FROM pg_catalog.pg_prepared_statements')) ?? [];
    const own = new Set([
      ...client.statementNames,
      ...this.#named.of('prepared statement', client),
    ]);
    return rows
      .flatMap(([name]) => (name !== null && name !== undefined && own.has(name) ? [name] : []))
      .map((name) => discardOf('prepared statement', name));
  }
}
