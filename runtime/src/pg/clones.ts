/**
 * Databases for one test each, copied from a template: made when they are wanted, ahead of that when
 * many are, and dropped when nobody waits for it. Knows no tests.
 */
import pg from 'pg';
import { randomBytes } from 'node:crypto';
import { withDatabase } from './connect.ts';
import { markText } from './database-names.ts';
import { dropWithSessions } from './database-sessions.ts';
import type { QuietConnection } from './quiet-connection.ts';
import type { Template } from './template.ts';

export interface Clone {
  readonly name: string;
  readonly connectionString: string;
}

/** How many connections make and drop clones. */
const HANDS = 2;
/** From the second clone on one is made ahead; as many more as tests had to wait, at most these. */
const MOST_AHEAD = 3;

export class Clones {
  readonly #template: Template;
  /** A lock stands for it: as long as this process lives, its clones are its own. */
  readonly #holder = randomBytes(6).toString('hex');
  readonly #hands: readonly QuietConnection[];
  /** Made, or being made, for nobody yet. */
  readonly #ahead: Spare[] = [];
  #aheadWanted = 0;
  #made = 0;
  #taken = 0;
  #claimed: Promise<void> | undefined;
  /** Drops that nobody waits for. */
  readonly #dropping = new Set<Promise<void>>();
  /** To be dropped when this process has no connections any more. */
  readonly #inUse: string[] = [];

  constructor(template: Template) {
    this.#template = template;
    this.#hands = Array.from({ length: HANDS }, () => template.owner.another());
  }

  /** A clone that is the caller's alone. @throws what making it throws */
  async take(): Promise<Clone> {
    const spare = this.#ahead.shift();
    this.#taken++;
    if (this.#taken > 1 && !spare?.ready)
      this.#aheadWanted = Math.min(this.#aheadWanted + 1, MOST_AHEAD);
    const own = spare ? undefined : this.#make();
    this.#makeAhead();
    return (await spare?.clone) ?? own ?? this.#make();
  }

  /** Drops a clone, some time soon. @throws never; what cannot be dropped the next run drops */
  drop({ name }: Pick<Clone, 'name'>): void {
    const dropping = this.#dropNow(name).finally(() => this.#dropping.delete(dropping));
    this.#dropping.add(dropping);
  }

  /** Drops a clone that somebody in this process is still connected to, at the process's end. */
  dropLater({ name }: Clone): void {
    this.#inUse.push(name);
  }

  /** Leaves a clone there for whoever looks into it, until it is pruned or its test fails again. */
  async keep({ name }: Clone, test: string): Promise<void> {
    const { owner, lineage } = this.#template;
    const mark = markText({ is: 'kept', lineage, test });
    const before = await owner.query<{ name: string }>(
      `select datname as name from pg_database
       where starts_with(datname, $1) and shobj_description(oid, 'pg_database') = $2`,
      [owner.names.prefix, mark],
    );
    await owner.query(`comment on database ${name} is ${pg.escapeLiteral(mark)}`);
    for (const { name: old } of before) this.drop({ name: old });
  }

  /** Drops what was made for nobody, and ends. */
  async close(): Promise<void> {
    for (const { clone } of this.#ahead.splice(0)) {
      const made = await clone;
      if (made) this.drop(made);
    }
    for (const name of this.#inUse.splice(0)) this.drop({ name });
    await Promise.all(this.#dropping);
    await Promise.all(this.#hands.map((hand) => hand.end()));
  }

  #makeAhead(): void {
    while (this.#ahead.length < this.#aheadWanted) this.#ahead.push(new Spare(this.#make()));
  }

  async #make(): Promise<Clone> {
    const { owner, server } = this.#template;
    await (this.#claimed ??= owner.claim(this.#holder));
    const name = owner.names.cloneOf(this.#holder, ++this.#made);
    await this.#template.copyTo(name, this.#freeHand);
    return { name, connectionString: withDatabase(server, name) };
  }

  async #dropNow(name: string): Promise<void> {
    await dropWithSessions(this.#freeHand, name).catch(() => undefined);
  }

  get #freeHand(): QuietConnection {
    return this.#hands.reduce((free, hand) => (hand.asking < free.asking ? hand : free));
  }
}

/** A clone that is made before anybody wants it. */
class Spare {
  /** Undefined when it could not be made: whoever wants one hears why when he makes it himself. */
  readonly clone: Promise<Clone | undefined>;
  ready = false;

  constructor(making: Promise<Clone>) {
    this.clone = making.then(
      (clone) => {
        this.ready = true;
        return clone;
      },
      () => undefined,
    );
  }
}
