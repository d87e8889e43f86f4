/**
 * What a statement is, as far as a transaction is concerned. Recognises a transaction statement only
 * when the whole of it follows PostgreSQL's grammar: anything else is the server's to answer.
 */
import { isSymbol, isWord, splitStatements, type Fragment, type Token } from './sql-lexer.ts';
import { mentionsOf, type Mention } from './statement-mentions.ts';

export const ISOLATION_LEVELS = [
  'read uncommitted',
  'read committed',
  'repeatable read',
  'serializable',
] as const;
/** Weakest first. */
export type IsolationLevel = (typeof ISOLATION_LEVELS)[number];

/** The modes that a BEGIN or SET TRANSACTION names. */
export interface TransactionModes {
  readonly isolation?: IsolationLevel;
  readonly readOnly?: boolean;
  readonly deferrable?: boolean;
}
/** One after the other, as they are said: `READ ONLY, READ WRITE` is not what it ends as. */
export type ModesInOrder = readonly TransactionModes[];

export type StatementKind =
  | {
      readonly kind: 'begin';
      readonly word: 'BEGIN' | 'START TRANSACTION';
      readonly modes: ModesInOrder;
    }
  | { readonly kind: 'commit' | 'rollback'; readonly chain: boolean }
  | { readonly kind: 'savepoint' | 'release' | 'rollback to'; readonly name: string }
  | { readonly kind: 'prepare transaction' }
  | {
      readonly kind: 'set transaction';
      readonly modes: ModesInOrder;
      /** How it is said: `SET TRANSACTION`, or as a parameter, of the transaction or of the session. */
      readonly said: 'transaction' | 'local' | 'session';
    }
  /** `SET TRANSACTION SNAPSHOT`. */
  | { readonly kind: 'set snapshot' }
  /** `SHOW transaction_isolation` and its like. */
  | { readonly kind: 'show mode'; readonly mode: keyof TransactionModes }
  | { readonly kind: 'set constraints' }
  | { readonly kind: 'set local'; readonly parameter: string | undefined }
  /** `SET` and `RESET` of a session; `parameter` is undefined for RESET ALL. */
  | { readonly kind: 'set session'; readonly parameter: string | undefined }
  /** Refused by the server inside a transaction block. */
  | { readonly kind: 'non-transactional'; readonly command: string }
  /** Refused by the server outside of a transaction block. */
  | {
      readonly kind: 'block only';
      readonly command: 'DECLARE CURSOR' | 'LOCK TABLE';
      readonly cursor?: string;
    }
  | { readonly kind: 'ordinary' };

/** One statement of a text, what it is, and what else in it concerns a transaction. */
export type Statement = StatementKind & {
  readonly fragment: Fragment;
  readonly mentions: ReadonlySet<Mention>;
};

/** Apps say the same few texts again and again: reading one costs 30 µs, remembering it none. Longer ones are scripts, said once. */
const REMEMBERED_TEXTS = 500;
const REMEMBERED_LENGTH = 10_000;
const remembered = new Map<string, readonly Statement[]>();

/** The statements of a text, in order. The answer is shared; it does not change. */
export function statementsOf(sql: string): readonly Statement[] {
  const known = remembered.get(sql);
  if (known) return known;
  const statements = splitStatements(sql).map((fragment) => ({
    ...classify(fragment.tokens),
    fragment,
    mentions: mentionsOf(fragment.tokens),
  }));
  if (sql.length <= REMEMBERED_LENGTH) remember(sql, statements);
  return statements;
}

/** The text that was first said the longest time ago is forgotten for a new one. */
function remember(sql: string, statements: readonly Statement[]): void {
  if (remembered.size >= REMEMBERED_TEXTS) {
    for (const oldest of remembered.keys()) {
      remembered.delete(oldest);
      break;
    }
  }
  remembered.set(sql, statements);
}

/**
 * Whether the server takes a snapshot for it: what counts as the first query of a transaction, after
 * which its modes are fixed, and what READ ONLY makes a difference to. (`PlannedStmtRequiresSnapshot` in pquery.c names those that take none.)
 */
export function takesSnapshot({ kind, fragment, ...rest }: Statement): boolean {
  switch (kind) {
    case 'begin':
    case 'commit':
    case 'rollback':
    case 'savepoint':
    case 'release':
    case 'rollback to':
    case 'prepare transaction':
    case 'set transaction':
    case 'show mode':
    case 'set constraints':
    case 'set local':
    case 'set session':
      return false;
    case 'block only':
      return 'command' in rest && rest.command === 'DECLARE CURSOR';
    case 'set snapshot':
    case 'non-transactional':
      return true;
    case 'ordinary':
      return !WITHOUT_SNAPSHOT.has(fragment.tokens[0].value);
  }
}

const WITHOUT_SNAPSHOT = new Set([
  'show',
  'fetch',
  'move',
  'listen',
  'unlisten',
  'notify',
  'checkpoint',
]);

/** What a statement is. */
export function classify(tokens: readonly [Token, ...Token[]]): StatementKind {
  const words = new Words(tokens);
  for (const read of READERS) {
    words.rewind();
    const kind = read(words);
    if (kind) return kind;
  }
  return { kind: 'ordinary' };
}

/** A reading position in a statement. Every `accept` moves on only when it answers something. */
class Words {
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  rewind(): void {
    this.#at = 0;
  }

  atEnd(): boolean {
    return this.#at >= this.#tokens.length;
  }

  /** Whether one more token is to come. */
  isLast(): boolean {
    return this.#at === this.#tokens.length - 1;
  }

  /** Whether a parameter comes next, as SET names one: by a name that is given a value. */
  isAssigned(): boolean {
    const [, next, afterNext] = this.#tokens.slice(this.#at, this.#at + 3);
    if (isSymbol(next, '=') || isSymbol(next, '.') || isWord(next, 'to')) return true;
    return isWord(next, 'from') && isWord(afterNext, 'current');
  }

  /** Whether these words, given in lower case and separated by spaces, come next. */
  accept(phrase: string): boolean {
    const words = phrase.split(' ');
    if (!words.every((word, index) => isWord(this.#tokens[this.#at + index], word))) return false;
    this.#at += words.length;
    return true;
  }

  acceptAny<const Phrase extends string>(...phrases: readonly Phrase[]): Phrase | undefined {
    return phrases.find((phrase) => this.accept(phrase));
  }

  acceptSymbol(symbol: string): boolean {
    if (!isSymbol(this.#tokens[this.#at], symbol)) return false;
    this.#at++;
    return true;
  }

  acceptName(): string | undefined {
    const token = this.#tokens[this.#at];
    if (token?.kind !== 'word' && token?.kind !== 'identifier') return undefined;
    this.#at++;
    return token.value;
  }

  /** A value as SET takes it: a literal, a word or a number. */
  acceptValue(): string | undefined {
    const token = this.#tokens[this.#at];
    if (!token || token.kind === 'symbol' || token.kind === 'parameter') return undefined;
    this.#at++;
    return token.value;
  }

  acceptString(): boolean {
    if (this.#tokens[this.#at]?.kind !== 'string') return false;
    this.#at++;
    return true;
  }

  /** Whether the rest holds this word anywhere. */
  restHas(word: string): boolean {
    return this.#tokens.slice(this.#at).some((token) => isWord(token, word));
  }

  /** Whether the last of them is this word, and not a part of a name. */
  endWith(word: string): boolean {
    return isWord(this.#tokens.at(-1), word) && !isSymbol(this.#tokens.at(-2), '.');
  }

  /** Skips a list in parentheses that comes next: `(VERBOSE, CONCURRENTLY true)`. Answers the options' names. */
  acceptOptions(): string[] {
    const options: string[] = [];
    if (!this.acceptSymbol('(')) return options;
    for (; !this.atEnd() && !this.acceptSymbol(')'); this.#at++) {
      const [before, token] = this.#tokens.slice(this.#at - 1, this.#at + 1);
      const isName = isSymbol(before, '(') || isSymbol(before, ',');
      if (isName && token?.kind === 'word') options.push(token.value);
    }
    return options;
  }
}

type Reader = (words: Words) => StatementKind | undefined;

const readBegin: Reader = (words) => {
  const word = words.acceptAny('start transaction', 'begin');
  if (!word) return undefined;
  if (word === 'begin') words.acceptAny('work', 'transaction');
  const modes = words.atEnd() ? [] : readModes(words);
  return modes && { kind: 'begin', word: word === 'begin' ? 'BEGIN' : 'START TRANSACTION', modes };
};

const readEnd: Reader = (words) => {
  const word = words.acceptAny('commit', 'end', 'rollback', 'abort');
  if (!word) return undefined;
  words.acceptAny('work', 'transaction');
  const chain = words.accept('and chain');
  if (!chain) words.accept('and no chain');
  if (!words.atEnd()) return undefined;
  return { kind: word === 'commit' || word === 'end' ? 'commit' : 'rollback', chain };
};

const readSavepoint: Reader = (words) => {
  const kind = readSavepointVerb(words);
  if (!kind) return undefined;
  // SAVEPOINT itself may be a name: `RELEASE savepoint`.
  if (kind !== 'savepoint' && !words.isLast()) words.accept('savepoint');
  const name = words.acceptName();
  return name !== undefined && words.atEnd() ? { kind, name } : undefined;
};

function readSavepointVerb(words: Words): 'savepoint' | 'release' | 'rollback to' | undefined {
  if (words.accept('savepoint')) return 'savepoint';
  if (words.accept('release')) return 'release';
  if (!words.accept('rollback')) return undefined;
  words.acceptAny('work', 'transaction');
  return words.accept('to') ? 'rollback to' : undefined;
}

const readTwoPhase: Reader = (words) => {
  const verb = words.acceptAny('prepare transaction', 'commit prepared', 'rollback prepared');
  if (!verb || !words.acceptString() || !words.atEnd()) return undefined;
  return verb === 'prepare transaction'
    ? { kind: 'prepare transaction' }
    : { kind: 'non-transactional', command: verb.toUpperCase() };
};

const readSet: Reader = (words) => {
  if (!words.accept('set')) return undefined;
  // Each word that SET begins with is also a name: `SET local = 1`.
  const scope = words.isAssigned() ? undefined : words.acceptAny('constraints', 'local', 'session');
  if (scope === 'constraints') return { kind: 'set constraints' };
  const local = scope === 'local';
  if (words.isAssigned()) return readAssignment(words, local);
  const characteristics = [
    'session characteristics',
    ...(scope === 'session' ? ['characteristics'] : []),
  ];
  if (characteristics.some((phrase) => words.accept(`${phrase} as transaction`)))
    return {
      kind: local ? 'set local' : 'set session',
      parameter: 'default_transaction_isolation',
    };
  if (words.accept('transaction')) {
    if (words.accept('snapshot'))
      return words.acceptString() && words.atEnd() ? { kind: 'set snapshot' } : undefined;
    const modes = readModes(words);
    return modes && { kind: 'set transaction', modes, said: 'transaction' };
  }
  const parameter =
    scope === 'session' && words.accept('authorization') ? AUTHORIZATION : readParameter(words);
  return { kind: local ? 'set local' : 'set session', parameter };
};

const AUTHORIZATION = 'session_authorization';

/** `SET parameter = value`. */
function readAssignment(words: Words, local: boolean): StatementKind {
  const parameter = readName(words);
  const modes = readModeParameter(parameter, words);
  if (modes) return { kind: 'set transaction', modes: [modes], said: local ? 'local' : 'session' };
  return { kind: local ? 'set local' : 'set session', parameter };
}

/** `SET transaction_read_only = on` and its like are SET TRANSACTION in other words. */
function readModeParameter(
  parameter: string | undefined,
  words: Words,
): TransactionModes | undefined {
  const mode = modeCalled(parameter);
  if (!mode) return undefined;
  if (!words.acceptSymbol('=') && !words.accept('to')) return undefined;
  const value = words.acceptValue()?.toLowerCase();
  if (value === undefined || !words.atEnd()) return undefined;
  if (mode === 'isolation') {
    const isolation = ISOLATION_LEVELS.find((level) => level === value);
    return isolation && { isolation };
  }
  return SWITCHES.has(value) ? { [mode]: SWITCHES.get(value) === true } : undefined;
}

/** The mode that a parameter shows. */
export function modeCalled(parameter: string | undefined): keyof TransactionModes | undefined {
  const name = parameter?.toLowerCase();
  return MODES.find((mode) => MODE_PARAMETERS[mode] === name);
}

/** The parameters that the modes of a transaction are. */
export const MODE_PARAMETERS: Readonly<Record<keyof TransactionModes, string>> = {
  isolation: 'transaction_isolation',
  readOnly: 'transaction_read_only',
  deferrable: 'transaction_deferrable',
};
const MODES = Object.keys(MODE_PARAMETERS) as (keyof TransactionModes)[];

const readShow: Reader = (words) => {
  if (!words.accept('show')) return undefined;
  const parameter = words.accept('transaction isolation level')
    ? MODE_PARAMETERS.isolation
    : readName(words);
  const mode = modeCalled(parameter);
  return mode && words.atEnd() ? { kind: 'show mode', mode } : undefined;
};

const SWITCHES = new Map([
  ['on', true],
  ['true', true],
  ['yes', true],
  ['1', true],
  ['off', false],
  ['false', false],
  ['no', false],
  ['0', false],
]);

const readReset: Reader = (words) => {
  if (!words.accept('reset')) return undefined;
  return {
    kind: 'set session',
    parameter: words.accept('all') ? undefined : readResettable(words),
  };
};

/** The parameter that a SET changes; the grammar has its own words for some. */
function readParameter(words: Words): string | undefined {
  if (words.accept('schema')) return 'search_path';
  if (words.accept('names')) return 'client_encoding';
  if (words.accept('xml option')) return 'xmloption';
  return readResettable(words);
}

/** Those that RESET knows, too. */
function readResettable(words: Words): string | undefined {
  if (words.accept('time zone')) return 'timezone';
  if (words.accept('session authorization')) return AUTHORIZATION;
  if (words.accept('transaction isolation level')) return 'transaction_isolation';
  return readName(words);
}

function readName(words: Words): string | undefined {
  let name = words.acceptName();
  while (name !== undefined && words.acceptSymbol('.')) name += `.${words.acceptName() ?? ''}`;
  return name;
}

/** The modes up to the end, or nothing when this is no list of modes. */
function readModes(words: Words): ModesInOrder | undefined {
  const modes: TransactionModes[] = [];
  while (!words.atEnd()) {
    const mode = readMode(words);
    if (!mode) return undefined;
    modes.push(mode);
    if (words.acceptSymbol(',') && words.atEnd()) return undefined;
  }
  return modes.length > 0 ? modes : undefined;
}

/** What they come to together. */
export function allOf(modes: ModesInOrder): TransactionModes {
  return Object.assign({}, ...modes) as TransactionModes;
}

function readMode(words: Words): TransactionModes | undefined {
  if (words.accept('isolation level')) {
    const isolation = words.acceptAny(...ISOLATION_LEVELS);
    return isolation && { isolation };
  }
  if (words.accept('read only')) return { readOnly: true };
  if (words.accept('read write')) return { readOnly: false };
  if (words.accept('deferrable')) return { deferrable: true };
  if (words.accept('not deferrable')) return { deferrable: false };
  return undefined;
}

const readBlockOnly: Reader = (words) => {
  if (words.accept('lock')) return { kind: 'block only', command: 'LOCK TABLE' };
  if (!words.accept('declare')) return undefined;
  const cursor = words.acceptName();
  while (words.acceptAny('binary', 'insensitive', 'asensitive', 'no scroll', 'scroll'));
  if (cursor === undefined || !words.accept('cursor') || words.accept('with hold'))
    return undefined;
  return { kind: 'block only', command: 'DECLARE CURSOR', cursor };
};

const readNonTransactional: Reader = (words) => {
  const command = readNonTransactionalCommand(words);
  return command === undefined ? undefined : { kind: 'non-transactional', command };
};

function readNonTransactionalCommand(words: Words): string | undefined {
  const fixed = words.acceptAny(
    'create database',
    'drop database',
    'create tablespace',
    'drop tablespace',
    'create subscription',
    'drop subscription',
    'alter system',
    'discard all',
    'vacuum',
  );
  if (fixed) return fixed.toUpperCase();
  if (words.accept('alter database'))
    return readsTablespace(words) ? 'ALTER DATABASE SET TABLESPACE' : undefined;
  if (words.accept('alter table'))
    return words.restHas('detach') && words.endWith('concurrently')
      ? 'ALTER TABLE DETACH PARTITION CONCURRENTLY'
      : undefined;
  if (words.acceptAny('create unique index concurrently', 'create index concurrently'))
    return 'CREATE INDEX CONCURRENTLY';
  if (words.accept('drop index concurrently')) return 'DROP INDEX CONCURRENTLY';
  if (words.accept('cluster')) return readBareCluster(words) ? 'CLUSTER' : undefined;
  return words.accept('reindex') ? readReindex(words) : undefined;
}

/** `ALTER DATABASE x SET TABLESPACE y`, which is also an option: `ALTER DATABASE x WITH TABLESPACE y`. */
function readsTablespace(words: Words): boolean {
  words.acceptName();
  if (words.accept('set tablespace')) return true;
  words.accept('with');
  for (let option: string | undefined; (option = words.acceptName()) !== undefined;) {
    if (option === 'tablespace') return true;
    if (option === 'connection') words.accept('limit');
    words.acceptSymbol('=');
    words.acceptSymbol('-');
    if (words.acceptValue() === undefined) return false;
  }
  return false;
}

/** CLUSTER of one table may run in a transaction, of all tables it may not. */
function readBareCluster(words: Words): boolean {
  words.accept('verbose');
  words.acceptOptions();
  return words.atEnd();
}

function readReindex(words: Words): string | undefined {
  const options = words.acceptOptions();
  const target = words.acceptAny('database', 'system', 'schema', 'table', 'index');
  if (target === undefined) return undefined;
  if (target === 'database' || target === 'system' || target === 'schema')
    return `REINDEX ${target.toUpperCase()}`;
  return options.includes('concurrently') || words.accept('concurrently')
    ? 'REINDEX CONCURRENTLY'
    : undefined;
}

const READERS: readonly Reader[] = [
  readBegin,
  readEnd,
  readSavepoint,
  readTwoPhase,
  readSet,
  readReset,
  readShow,
  readBlockOnly,
  readNonTransactional,
];
