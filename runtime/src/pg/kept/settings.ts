/** Settings: what one client sets, no other has. */
import type { HazardError } from '../../hazard-error.ts';
import { refusedConcurrency, refusedSession } from '../refusals.ts';
import type { Question } from '../question.ts';
import type { Control } from '../real-connection.ts';
import type { Asker, Session } from '../session.ts';
import { ISOLATION_LEVELS } from '../statements.ts';
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

  /** Why a client cannot be served: another one set what cannot be put back, or it begins with what cannot be had. */
  refusal(client: Asker, question: Question): HazardError | undefined {
    if (this.#opaque && this.#opaque !== client) {
      const wanted =
        'a second client after set_config() of a parameter that the statement does not name';
      return refusedSession(this.#session, question, wanted);
    }
    for (const [name, value] of client.startSettings) {
      if (this.#began.get(name) === value) continue;
      const wanted = this.#unavailable(name, value.toLowerCase());
      if (wanted) return refusedConcurrency(this.#session, question, wanted);
    }
    return undefined;
  }

  drop(client: Asker): void {
    this.values.drop(client);
  }

  /** @throws HazardError for default modes that transactions of a sandbox cannot have */
  hear(speech: Speech): Wording | undefined {
    const words = wordsOf(speech, 'set', 'reset');
    if (words.length === 0) return undefined;
    const names = words.map((word) =>
      word.is === 'set' ? this.#nameOf(speech, word) : word.parameter,
    );
    const ahead = words.flatMap((word, index) => this.#note(speech, word, names[index]));
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

  #note({ client }: Speech, word: SessionWord, name: string | undefined): Control[] {
    if (name !== undefined) return this.values.changes(client, name);
    if (word.is === 'reset') this.values.changesAll(client);
    else this.#opaque = client;
    return [];
  }

  #nameOf(speech: Speech, word: SetWord): string | undefined {
    const { parameter, value } = word;
    const name = (
      typeof parameter === 'string' ? parameter : constantOf(parameter, speech.said)
    )?.toLowerCase();
    const text =
      constantOf(value, speech.said) ?? value.tokens.map((token) => token.value).join(' ');
    const wanted = name && this.#unavailable(name, text.toLowerCase());
    if (wanted) throw refusedConcurrency(this.#session, speech.question, wanted);
    return name;
  }

  /** The transaction around the test has begun, and savepoints have no defaults. */
  #unavailable(name: string, value: string): string | undefined {
    const wanted = ISOLATION_LEVELS.findLastIndex((level) => value.includes(level));
    const granted = ISOLATION_LEVELS.indexOf(this.#session.isolation);
    if (name === 'default_transaction_isolation' && wanted > granted)
      return `transactions that are ${value} by default`;
    const isOn = /\b(?:read only|on?|t(?:rue)?|y(?:es)?|1)\b/.test(value);
    return name === 'default_transaction_read_only' && isOn
      ? 'transactions that are read only by default'
      : undefined;
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
