/**
 * The settings of a session, kept for each logical client as each connection keeps its own: read when
 * a client that changed some gives way to another, and set again when it comes back. Costs nothing
 * while nobody sets anything, and no round trip of its own otherwise.
 */
import pg from 'pg';
import type { Control } from '../exchange.ts';
import type { StartSettings } from './start-settings.ts';

/** A value as the server writes it, or that only the server knows it yet. */
type Value = string | typeof UNREAD;
const UNREAD = Symbol('unread');

/** What a client has set that differs, or may differ, from what its session began with. */
type Settings = Map<string, Value>;

/** Who a session acts as decides what it may set: given up first and taken on last, in this order. */
const IDENTITY = ['session_authorization', 'role'];

/** Cannot be read, or end with the transaction. */
const UNTRACKED = [
  'seed',
  'transaction_isolation',
  'transaction_read_only',
  'transaction_deferrable',
];

/** A client with what a connection of its pool begins with. */
interface Starting {
  readonly startSettings: StartSettings;
}

export class SettingValues<Client extends Starting> {
  #settings = new Map<Client, Settings>();
  /** What the session began with, by each parameter that was ever set. */
  readonly #beginnings: Map<string, string>;
  #served: Client | undefined;
  readonly #levels: {
    readonly settings: Map<Client, Settings>;
    readonly served: Client | undefined;
  }[] = [];

  /** @param began what the session began with */
  constructor(began: StartSettings) {
    this.#beginnings = new Map(began);
  }

  /** Notes that a client changes a parameter. @returns what must be sent ahead of it */
  changes(client: Client, parameter: string): Control[] {
    if (UNTRACKED.includes(parameter)) return [];
    const settings = this.#settings.get(client) ?? new Map<string, Value>();
    this.#settings.set(client, settings.set(parameter, UNREAD));
    return this.#readBeginning(parameter);
  }

  /** Notes that a transaction changes a parameter. @returns what must be sent ahead of it */
  changesForTransaction(parameter: string): Control[] {
    return UNTRACKED.includes(parameter) ? [] : this.#readBeginning(parameter);
  }

  #readBeginning(parameter: string): Control[] {
    if (this.#beginnings.has(parameter)) return [];
    // For a parameter that nobody knew before, nothing and empty are the same.
    this.#beginnings.set(parameter, '');
    return [
      {
        sql: `SELECT ${current(parameter)}`,
        onRow: ([value]) => void this.#beginnings.set(parameter, value ?? ''),
      },
    ];
  }

  /** Notes that a client sets everything back. */
  changesAll(client: Client): void {
    const settings = this.#settings.get(client);
    for (const parameter of settings?.keys() ?? []) settings?.set(parameter, UNREAD);
  }

  /** What a client's settings are again after RESET. @param parameter undefined for ALL */
  begunWith({ startSettings }: Client, parameter: string | undefined): Control[] {
    return [...startSettings]
      .filter(([name]) => parameter === undefined || name === parameter)
      .map(setting);
  }

  /** Whether the values of a client are on their way, and must arrive before it can be served. */
  awaits(client: Client): boolean {
    return client !== this.#served && [...this.#of(client).values()].includes(UNREAD);
  }

  /**
   * Makes the session this client's; values must have arrived.
   * @param objects what else must be sent, by whoever the session was when it began
   * @returns what must be sent for that
   */
  serve(client: Client, objects: readonly Control[]): Control[] {
    const beginnings = this.#begin(client);
    const [leaving, coming] = [this.#of(this.#served), this.#of(client)];
    this.#served = client;
    if (leaving.size + coming.size === 0) return [...objects];
    const unread = [...leaving].filter(([, value]) => value === UNREAD).map(([name]) => name);
    const names = new Set([...leaving.keys(), ...coming.keys()]);
    const changed = [...names].flatMap((name): Setting[] => {
      const wanted = coming.get(name) ?? this.#beginnings.get(name) ?? '';
      if (wanted === UNREAD || wanted === this.#valueOf(leaving, name)) return [];
      return [[name, wanted]];
    });
    return [
      ...beginnings,
      ...this.#read(leaving, unread),
      ...this.#change(leaving, coming, changed, objects),
    ];
  }

  /** A new client begins with what its pool's connections begin with. */
  #begin(client: Client): Control[] {
    if (client.startSettings.size === 0 || this.#settings.has(client)) return [];
    this.#settings.set(client, new Map(client.startSettings));
    return [...client.startSettings.keys()].flatMap((name) => this.#readBeginning(name));
  }

  /** Forgets a client that is gone, once another is served. */
  drop(client: Client): void {
    if (client !== this.#served) this.#settings.delete(client);
  }

  openLevel(): void {
    const settings = new Map(
      [...this.#settings].map(([client, values]) => [client, new Map(values)]),
    );
    this.#levels.push({ settings, served: this.#served });
  }

  /** The server has the values again that it had when the level was opened. */
  closeLevel(): void {
    const level = this.#levels.pop();
    if (!level) return;
    this.#settings = level.settings;
    this.#served = level.served;
  }

  #of(client: Client | undefined): Settings {
    return (client && this.#settings.get(client)) ?? NOTHING_SET;
  }

  #valueOf(settings: Settings, parameter: string): Value | undefined {
    return settings.get(parameter) ?? this.#beginnings.get(parameter);
  }

  #read(settings: Settings, unread: readonly string[]): Control[] {
    if (unread.length === 0) return [];
    const onRow = (values: readonly (string | null)[]) => {
      unread.forEach((parameter, index) => settings.set(parameter, values[index] ?? ''));
    };
    return [{ sql: `SELECT ${unread.map(current).join(', ')}`, onRow }];
  }

  #change(
    leaving: Settings,
    coming: Settings,
    changed: readonly Setting[],
    objects: readonly Control[],
  ): Control[] {
    const others = [
      ...changed.filter(([name]) => !IDENTITY.includes(name)).map(setting),
      ...objects,
    ];
    const acts = IDENTITY.filter((name) => leaving.has(name) || coming.has(name));
    if (others.length === 0 || acts.length === 0)
      return [
        ...others,
        ...IDENTITY.flatMap((name) => changed.filter(([is]) => is === name)).map(setting),
      ];
    const original = acts.map((name): Setting => [name, this.#beginnings.get(name) ?? '']);
    const taken = acts.flatMap((name): Setting[] => {
      const value = coming.get(name);
      return typeof value === 'string' ? [[name, value]] : [];
    });
    return [...original.map(setting), ...others, ...taken.map(setting)];
  }
}

type Setting = readonly [name: string, value: string];

function setting([name, value]: Setting): string {
  const set = `SELECT pg_catalog.set_config(${pg.escapeLiteral(name)}, ${pg.escapeLiteral(value)}, false)`;
  // Setting what does not exist has failed before; a name with a dot is made by being set.
  return name.includes('.') ? set : `${set} WHERE ${current(name)} IS NOT NULL`;
}

const NOTHING_SET: Settings = new Map();

function current(parameter: string): string {
  return `pg_catalog.current_setting(${pg.escapeLiteral(parameter)}, true)`;
}
