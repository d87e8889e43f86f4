/** Settings: what one client sets, no other has. */
import type { HazardError } from '../../hazard-error.ts';
import { refusedSession } from '../refusals.ts';
import type { Question } from '../question.ts';
import type { Control } from '../exchange.ts';
import type { Asker, Session } from '../session.ts';
import { constantOf } from './expressions.ts';
import { SettingValues } from './setting-values.ts';
import { IDLE_TIMEOUTS, type SessionWord } from './session-words.ts';
import type { StartSettings } from './start-settings.ts';
import { wordsOf, type Speech, type Wording } from './speech.ts';

type SetWord = Extract<SessionWord, { is: 'set' }>;

/** Sends the server's own time-outs to sleep again: a sandbox is idle in transaction while its test thinks. */
const STAY_AWAKE = `SELECT pg_catalog.set_config(name, '0', false) FROM pg_catalog.pg_settings
  WHERE setting <> '0' AND name IN (${IDLE_TIMEOUTS.map((name) => `'${name}'`).join(', ')})`;

export class Settings {
  readonly values: SettingValues<Asker>;
  readonly #began: StartSettings;
  readonly #session: Session;
  /** Who set a parameter whose name could not be read. */
  #opaque: Asker | undefined;

  constructor(session: Session, began: StartSettings) {
    this.#began = began;
    this.values = new SettingValues(began);
    this.#session = session;
  }

  /** Why a client cannot be served: another one set what cannot be put back. */
  refusal(client: Asker, question: Question): HazardError | undefined {
    if (this.#opaque && this.#opaque !== client) {
      const wanted =
        'a second client after set_config() of a parameter that the statement does not name';
      return refusedSession(this.#session, question, wanted);
    }
    for (const [name, value] of client.startSettings) {
      const isMode = name.startsWith('default_transaction_');
      if (isMode && this.#began.get(name) !== value) this.#session.history.modesChanged = true;
    }
    return undefined;
  }

  drop(client: Asker): void {
    this.values.drop(client);
  }

  hear(speech: Speech): Wording | undefined {
    const beginnings = this.#noteLocal(speech);
    const words = wordsOf(speech, 'set', 'reset');
    if (words.length === 0) return beginnings.length > 0 ? { ahead: beginnings } : undefined;
    const names = words.map((word) =>
      word.is === 'set' ? this.#nameOf(speech, word) : word.parameter,
    );
    const ahead = [
      ...beginnings,
      ...words.flatMap((word, index) => this.#note(speech, word, names[index])),
    ];
    const mayEndSandbox = names.some((name) => name === undefined || IDLE_TIMEOUTS.includes(name));
    const again = words.flatMap((word) =>
      word.is === 'reset' ? this.values.begunWith(speech.client, word.parameter) : [],
    );
    return {
      ahead,
      done: async () => {
        this.#session.sendLater(...again);
        if (mayEndSandbox) await this.#stayAwake();
      },
    };
  }

  /** What a session began with cannot be read while a transaction has its own. */
  #noteLocal(speech: Speech): Control[] {
    return wordsOf(speech, 'set local').flatMap((word) => {
      const name = this.#nameOf(speech, word);
      if (name === undefined) return [];
      const changed = name === 'session_authorization' ? [name, 'role'] : [name];
      return changed.flatMap((parameter) => this.values.changesForTransaction(parameter));
    });
  }

  #note({ client }: Speech, word: SessionWord, name: string | undefined): Control[] {
    // To be another user takes the role away.
    if (name === 'session_authorization')
      return [name, 'role'].flatMap((changed) => this.values.changes(client, changed));
    if (name !== undefined) return this.values.changes(client, name);
    if (word.is === 'reset') this.values.changesAll(client);
    else this.#opaque = client;
    return [];
  }

  #nameOf(speech: Speech, word: Pick<SetWord, 'parameter'>): string | undefined {
    const { parameter } = word;
    return (
      typeof parameter === 'string' ? parameter : constantOf(parameter, speech.said)
    )?.toLowerCase();
  }

  async #stayAwake(): Promise<void> {
    await this.#session.exchange([], {
      text: STAY_AWAKE,
      listener: {
        submit: () => null,
        handleError: () => undefined,
        handleReadyForQuery: () => undefined,
      },
    });
  }
}
