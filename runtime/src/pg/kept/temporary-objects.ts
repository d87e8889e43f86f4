/**
 * The temporary tables, views and sequences of each logical client, which the others must not see:
 * while another client is served they have names that nobody asks for.
 */
import { RESERVED_PREFIX } from '../app-transaction.ts';

export class TemporaryObjects<Client extends object> {
  /** Clients that may have made some, by number. */
  #makers = new Map<Client, number>();
  #numbers = 0;
  #served: Client | undefined;
  readonly #levels: {
    readonly makers: Map<Client, number>;
    readonly served: Client | undefined;
  }[] = [];

  made(client: Client): void {
    if (!this.#makers.has(client)) this.#makers.set(client, ++this.#numbers);
  }

  has(client: Client): boolean {
    return this.#makers.has(client);
  }

  /** Whether another client may have made some. */
  othersThan(client: Client): boolean {
    return [...this.#makers.keys()].some((maker) => maker !== client);
  }

  /** @returns what must be sent to show a client what it has made, and nothing else */
  serve(client: Client): string[] {
    const [leaving, coming] = [
      this.#served && this.#makers.get(this.#served),
      this.#makers.get(client),
    ];
    this.#served = client;
    return [
      ...(leaving === undefined ? [] : [hide(leaving)]),
      ...(coming === undefined ? [] : [show(coming)]),
    ];
  }

  openLevel(): void {
    this.#levels.push({ makers: new Map(this.#makers), served: this.#served });
  }

  closeLevel(): void {
    const level = this.#levels.pop();
    if (!level) return;
    this.#makers = level.makers;
    this.#served = level.served;
  }
}

/** Longer names cannot be told apart from hidden ones once the server has cut them. */
const LONGEST_NAME = 63;

function hide(number: number): string {
  const prefix = prefixOf(number);
  return rename(
    `relname NOT LIKE '${pattern(RESERVED_PREFIX)}' AND octet_length(relname) <= ${String(LONGEST_NAME - prefix.length)}`,
    `'${prefix}' || found.relname`,
  );
}

function show(number: number): string {
  const prefix = prefixOf(number);
  return rename(
    `relname LIKE '${pattern(prefix)}'`,
    `substr(found.relname, ${String(prefix.length + 1)})`,
  );
}

function prefixOf(number: number): string {
  return `${RESERVED_PREFIX}${String(number)}_`;
}

function pattern(prefix: string): string {
  return `${prefix.replaceAll('_', '\\_')}%`;
}

/** ALTER TABLE renames views, sequences and indexes, too. */
function rename(which: string, to: string): string {
  return `DO $savepoint$
DECLARE found record;
BEGIN
  FOR found IN SELECT relname::text FROM pg_catalog.pg_class
    WHERE relnamespace = pg_catalog.pg_my_temp_schema() AND relkind IN ('r', 'p', 'v', 'S', 'i', 'I') AND ${which}
  LOOP
    EXECUTE pg_catalog.format('ALTER TABLE pg_temp.%I RENAME TO %I', found.relname, ${to});
  END LOOP;
END
$savepoint$`;
}
