/**
 * LISTEN and NOTIFY between the logical clients of a session: a sandbox never commits, so the server
 * never delivers. Channels and messages become effective at the app's COMMIT, as the server has it.
 * Knows no SQL, and nothing of the notifications of other processes.
 */

/** As the driver tells it. */
export interface Notification {
  readonly length: number;
  readonly processId: number;
  readonly channel: string;
  readonly payload: string;
  readonly name: 'notification';
}

/** What a transaction will have said once it commits. */
export type Announcement =
  | { readonly is: 'listen'; readonly channel: string }
  /** `channel` is undefined for all of them. */
  | { readonly is: 'unlisten'; readonly channel: string | undefined }
  | { readonly is: 'notify'; readonly channel: string; readonly payload: string };

export class Notifications<Client extends object> {
  readonly #channels = new Map<Client, Set<string>>();

  /** Whether anybody listens to anything. */
  get areHeard(): boolean {
    return [...this.#channels.values()].some(({ size }) => size > 0);
  }

  channelsOf(client: Client): readonly string[] {
    return [...(this.#channels.get(client) ?? [])];
  }

  /**
   * What a committed transaction said becomes true.
   * @returns what comes to whom that listens to anything: its own client first, as the server answers
   *   it before its COMMIT
   */
  commit(
    client: Client,
    said: readonly Announcement[],
    processId: number,
  ): (readonly [Client, Notification])[] {
    for (const announcement of said) this.#change(client, announcement);
    const notifications = distinct(said).map((announced) => notification(announced, processId));
    const listeners = [...this.#channels]
      .filter(([, { size }]) => size > 0)
      .map(([listener]) => listener)
      .toSorted((one, two) => Number(two === client) - Number(one === client));
    return listeners.flatMap((listener) => notifications.map((came) => [listener, came] as const));
  }

  /** Whether a client listens to it when it looks at what has come to it. */
  hears(client: Client, { channel }: Notification): boolean {
    return this.#channels.get(client)?.has(channel) === true;
  }

  drop(client: Client): void {
    this.#channels.delete(client);
  }

  #change(client: Client, announcement: Announcement): void {
    const channels = this.#channels.get(client) ?? new Set<string>();
    this.#channels.set(client, channels);
    switch (announcement.is) {
      case 'listen':
        channels.add(announcement.channel);
        return;
      case 'unlisten':
        if (announcement.channel === undefined) channels.clear();
        else channels.delete(announcement.channel);
        return;
      case 'notify':
        return;
    }
  }
}

type Notify = Extract<Announcement, { is: 'notify' }>;

/** One transaction says the same only once, when it says it first. */
function distinct(said: readonly Announcement[]): Notify[] {
  const notifies = said.filter((announcement) => announcement.is === 'notify');
  return notifies.filter(
    ({ channel, payload }, index) =>
      notifies.findIndex((other) => other.channel === channel && other.payload === payload) ===
      index,
  );
}

function notification({ channel, payload }: Notify, processId: number): Notification {
  // Two numbers of four bytes, and two texts that end with a zero.
  const length = 8 + Buffer.byteLength(channel) + 1 + Buffer.byteLength(payload) + 1;
  return { length, processId, channel, payload, name: 'notification' };
}
