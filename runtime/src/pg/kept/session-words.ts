/**
 * What a statement says to the session it runs in, beyond transactions: settings, channels, temporary
 * and named objects, advisory locks. Recognises only; effects inside functions are not seen.
 */
import type { Expression } from './expressions.ts';
import { isSymbol, isWord, type Token } from '../sql-lexer.ts';
import type { Statement } from '../statements.ts';

export type SessionWord =
  /** SET, or `set_config(…, false)`; `parameter` is undefined where it cannot be read. */
  | { readonly is: 'set'; readonly parameter: Expression | string; readonly value: Expression }
  /** SET LOCAL, or `set_config(…, true)`. */
  | { readonly is: 'set local'; readonly parameter: Expression | string }
  /** RESET; `parameter` is undefined for ALL. */
  | { readonly is: 'reset'; readonly parameter: string | undefined }
  | { readonly is: 'savepoint' | 'release' | 'rollback to'; readonly name: string }
  | { readonly is: 'listen'; readonly channel: string }
  /** `channel` is undefined for all of them. */
  | { readonly is: 'unlisten'; readonly channel: string | undefined }
  | {
      readonly is: 'notify';
      readonly channel: Expression | string;
      readonly payload: Expression | undefined;
      readonly once: boolean;
    }
  /** `pg_listening_channels()`. */
  | { readonly is: 'list channels' }
  /** A table, view or sequence; `name` is undefined where it does not outlive its transaction. */
  | { readonly is: 'make temporary'; readonly name: string | undefined }
  | { readonly is: 'drop'; readonly name: string }
  | { readonly is: 'discard'; readonly what: 'temp' | 'sequences' | 'plans' }
  /** An object is made that other sessions do not see. */
  | { readonly is: 'make'; readonly noun: NamedObject; readonly name: string }
  /** It is used; `name` is undefined for all of them. */
  | { readonly is: 'use'; readonly noun: NamedObject; readonly name: string | undefined }
  | AdvisoryCall;

export type NamedObject = 'prepared statement' | 'cursor';

/** A call of one of the functions on advisory locks. */
export interface AdvisoryCall {
  readonly is: 'advisory';
  readonly does: 'lock' | 'try' | 'unlock' | 'unlock all';
  readonly shared: boolean;
  /** Whether the lock ends with the transaction. */
  readonly ends: boolean;
  readonly key: readonly Expression[];
  readonly once: boolean;
  /** The name of the result's only column, where the call is all that the statement says. */
  readonly column: string | undefined;
}

/** Time-outs of the server that would end a sandbox while its test thinks. */
export const IDLE_TIMEOUTS = ['idle_in_transaction_session_timeout', 'transaction_timeout'];

/** Nearly every statement says nothing. */
const NOTHING: readonly SessionWord[] = [];

/** What a statement says; read once of a statement that is said again. */
export function sessionWordsOf(statement: Statement): readonly SessionWord[] {
  let words = known.get(statement);
  if (!words) known.set(statement, (words = read(statement)));
  return words;
}

const known = new WeakMap<Statement, readonly SessionWord[]>();

function read(statement: Statement): readonly SessionWord[] {
  const { tokens } = statement.fragment;
  switch (statement.kind) {
    case 'savepoint':
    case 'release':
    case 'rollback to':
      return [{ is: statement.kind, name: statement.name }];
    case 'set session':
      return settingOf(statement.parameter, tokens);
    case 'set local':
      return localSettingOf(statement.parameter, tokens);
    case 'block only':
    case 'ordinary':
      return together(commandOf(tokens), callsIn(tokens));
    case 'begin':
    case 'commit':
    case 'rollback':
    case 'prepare transaction':
    case 'set transaction':
    case 'set snapshot':
    case 'show mode':
    case 'set constraints':
    case 'non-transactional':
      return NOTHING;
  }
}

function together(
  command: readonly SessionWord[],
  calls: readonly SessionWord[],
): readonly SessionWord[] {
  return calls.length === 0 ? command : [...command, ...calls];
}

// ---- commands

const XML_OPTION = 'xml';
const SESSION_MODES = [
  'default_transaction_isolation',
  'default_transaction_read_only',
  'default_transaction_deferrable',
];

function localSettingOf(
  parameter: string | undefined,
  tokens: readonly Token[],
): readonly SessionWord[] {
  if (parameter === undefined) return NOTHING;
  if (IDLE_TIMEOUTS.includes(parameter)) return settingOf(parameter, tokens);
  return [{ is: 'set local', parameter: parameter.toLowerCase() }];
}

function settingOf(parameter: string | undefined, tokens: readonly Token[]): SessionWord[] {
  const name = parameter === XML_OPTION ? 'xmloption' : parameter?.toLowerCase();
  if (isWord(tokens[0], 'reset')) return [{ is: 'reset', parameter: name }];
  if (name === undefined) return [];
  const value = { tokens: tokens.slice(2) };
  if (isWord(tokens[2], 'characteristics'))
    return SESSION_MODES.map((mode) => ({ is: 'set', parameter: mode, value }));
  return isWord(tokens.at(-1), 'default')
    ? [{ is: 'reset', parameter: name }]
    : [{ is: 'set', parameter: name, value }];
}

function commandOf(tokens: readonly Token[]): readonly SessionWord[] {
  const [first] = tokens;
  if (first?.kind !== 'word') return NOTHING;
  return COMMANDS[first.value]?.(tokens) ?? NOTHING;
}

type Command = (tokens: readonly Token[]) => readonly SessionWord[];

const COMMANDS: Readonly<Record<string, Command | undefined>> = {
  __proto__: undefined,
  listen: ([, channel]) => (isName(channel) ? [{ is: 'listen', channel: cut(channel.value) }] : []),
  unlisten: ([, channel]) => {
    if (isName(channel)) return [{ is: 'unlisten', channel: cut(channel.value) }];
    return isSymbol(channel, '*') ? [{ is: 'unlisten', channel: undefined }] : [];
  },
  notify: ([, channel, comma, ...payload]) =>
    isName(channel)
      ? [
          {
            is: 'notify',
            channel: cut(channel.value),
            payload: comma && { tokens: payload },
            once: true,
          },
        ]
      : [],
  create: (tokens) => together(temporaryIn(tokens), executedIn(tokens)),
  select: (tokens) => {
    const into = tokens.findIndex((token) => isWord(token, 'into'));
    if (into === -1 || !isTemporary(tokens[into + 1])) return NOTHING;
    const name = tokens[isWord(tokens[into + 2], 'table') ? into + 3 : into + 2];
    return [{ is: 'make temporary', name: name?.value }];
  },
  drop: (tokens) =>
    tokens.slice(2).flatMap((token) => (isName(token) ? [{ is: 'drop', name: token.value }] : [])),
  discard: ([, what]) => {
    if (isWord(what, 'temp') || isWord(what, 'temporary')) return [{ is: 'discard', what: 'temp' }];
    if (isWord(what, 'plans')) return [{ is: 'discard', what: 'plans' }];
    return isWord(what, 'sequences') ? [{ is: 'discard', what: 'sequences' }] : [];
  },
  prepare: ([, name]) => (isName(name) ? made('prepared statement', name) : []),
  execute: ([, name]) => (isName(name) ? used('prepared statement', name) : []),
  explain: (tokens) => executedIn(tokens),
  deallocate: ([, second, third]) => {
    const name = isWord(second, 'prepare') && third ? third : second;
    if (isWord(name, 'all')) return [{ is: 'use', noun: 'prepared statement', name: undefined }];
    return isName(name) ? used('prepared statement', name) : [];
  },
  declare: (tokens) => {
    const [, name] = tokens;
    if (!isName(name)) return [];
    const holds = tokens.some(
      (token, at) => isWord(token, 'with') && isWord(tokens[at + 1], 'hold'),
    );
    return holds ? made('cursor', name) : used('cursor', name);
  },
  fetch: (tokens) => cursorAtEnd(tokens),
  move: (tokens) => cursorAtEnd(tokens),
  close: (tokens) =>
    isWord(tokens[1], 'all')
      ? [{ is: 'use', noun: 'cursor', name: undefined }]
      : cursorAtEnd(tokens),
};

/** CREATE … TEMP TABLE | VIEW | SEQUENCE [IF NOT EXISTS] name, or CREATE TABLE pg_temp.name. */
function temporaryIn(tokens: readonly Token[]): readonly SessionWord[] {
  const noun = tokens.findIndex((token) => NOUNS.some((word) => isWord(token, word)));
  if (noun === -1) return NOTHING;
  const named = isWord(tokens[noun + 1], 'if') ? noun + 4 : noun + 1;
  const isQualified = isSymbol(tokens[named + 1], '.');
  const inSchema = isQualified && tokens[named]?.value === 'pg_temp';
  if (!inSchema && !tokens.slice(1, noun).some(isTemporary)) return NOTHING;
  const name = tokens[isQualified ? named + 2 : named]?.value;
  const ends = isWord(tokens.at(-1), 'drop') && isWord(tokens.at(-2), 'commit');
  return [{ is: 'make temporary', name: ends ? undefined : name }];
}

const NOUNS = ['table', 'view', 'sequence'];

function isTemporary(token: Token | undefined): boolean {
  return isWord(token, 'temp') || isWord(token, 'temporary');
}

function made(noun: NamedObject, { value }: Token): SessionWord[] {
  return [
    { is: 'use', noun, name: cut(value) },
    { is: 'make', noun, name: cut(value) },
  ];
}

function used(noun: NamedObject, { value }: Token): SessionWord[] {
  return [{ is: 'use', noun, name: cut(value) }];
}

function cursorAtEnd(tokens: readonly Token[]): readonly SessionWord[] {
  const name = tokens.at(-1);
  return tokens.length > 1 && isName(name) ? used('cursor', name) : NOTHING;
}

/** EXPLAIN … EXECUTE name, CREATE TABLE … AS EXECUTE name. */
function executedIn(tokens: readonly Token[]): readonly SessionWord[] {
  const at = tokens.findIndex((token) => isWord(token, 'execute'));
  const name = tokens[at + 1];
  return at !== -1 && isName(name) ? used('prepared statement', name) : NOTHING;
}

function isName(token: Token | undefined): token is Token {
  return token?.kind === 'word' || token?.kind === 'identifier';
}

/** The server cuts names at 63 bytes, and says so in a notice. */
function cut(name: string): string {
  const MAX_BYTES = 63;
  if (Buffer.byteLength(name) <= MAX_BYTES) return name;
  return new TextDecoder('utf-8', { fatal: false })
    .decode(Buffer.from(name).subarray(0, MAX_BYTES))
    .replace(/\uFFFD$/, '');
}

// ---- calls

type Reading = (call: Call) => SessionWord | undefined;

interface Call {
  readonly name: string;
  readonly args: readonly Expression[];
  /** Whether the statement calls it exactly once, whatever the data. */
  readonly once: boolean;
  readonly column: string | undefined;
}

const CALLS = new Map<string, Reading>([
  ['set_config', readSetConfig],
  [
    'pg_notify',
    ({ args: [channel = { tokens: [] }, payload], once }) => ({
      is: 'notify',
      channel,
      payload,
      once,
    }),
  ],
  ['pg_listening_channels', () => ({ is: 'list channels' })],
  ['pg_advisory_unlock_all', advisory('unlock all', false, false)],
]);
for (const [suffix, shared] of [
  ['', false],
  ['_shared', true],
] as const) {
  CALLS.set(`pg_advisory_lock${suffix}`, advisory('lock', shared, false));
  CALLS.set(`pg_try_advisory_lock${suffix}`, advisory('try', shared, false));
  CALLS.set(`pg_advisory_unlock${suffix}`, advisory('unlock', shared, false));
  CALLS.set(`pg_advisory_xact_lock${suffix}`, advisory('lock', shared, true));
  CALLS.set(`pg_try_advisory_xact_lock${suffix}`, advisory('try', shared, true));
}

function advisory(does: AdvisoryCall['does'], shared: boolean, ends: boolean): Reading {
  return ({ args, once, column }) => ({
    is: 'advisory',
    does,
    shared,
    ends,
    key: args,
    once,
    column,
  });
}

function readSetConfig({ args }: Call): SessionWord | undefined {
  const [parameter = { tokens: [] }, value = { tokens: [] }, isLocal] = args;
  const [local] = isLocal?.tokens ?? [];
  const ends = isWord(local, 'true') || (local?.kind === 'string' && /^t/i.test(local.value));
  return ends ? { is: 'set local', parameter } : { is: 'set', parameter, value };
}

function callsIn(tokens: readonly Token[]): readonly SessionWord[] {
  let words: SessionWord[] | undefined;
  tokens.forEach((token, at) => {
    if (token.kind !== 'word' && token.kind !== 'identifier') return;
    const read = CALLS.get(token.value);
    if (!read || !isSymbol(tokens[at + 1], '(') || isSomebodyElses(tokens, at)) return;
    const { args, end } = argumentsFrom(tokens, at + 2);
    const word = read({
      name: token.value,
      args,
      once: isCalledOnce(tokens, at, end),
      column: onlyColumn(tokens, at, end),
    });
    if (word) (words ??= []).push(word);
  });
  return words ?? NOTHING;
}

function isSomebodyElses(tokens: readonly Token[], at: number): boolean {
  return isSymbol(tokens[at - 1], '.') && tokens[at - 2]?.value !== 'pg_catalog';
}

/** The arguments of a call, and where its closing parenthesis is. */
function argumentsFrom(
  tokens: readonly Token[],
  from: number,
): { readonly args: Expression[]; readonly end: number } {
  const args: Expression[] = [];
  let depth = 0;
  let begins = from;
  for (let at = from; at < tokens.length; at++) {
    const token = tokens[at];
    const closes = depth === 0 && isSymbol(token, ')');
    if (closes || (depth === 0 && isSymbol(token, ','))) {
      if (at > begins) args.push({ tokens: tokens.slice(begins, at) });
      begins = at + 1;
    }
    if (closes) return { args, end: at };
    if (isSymbol(token, '(') || isSymbol(token, '[')) depth++;
    if (isSymbol(token, ')') || isSymbol(token, ']')) depth--;
  }
  return { args, end: tokens.length };
}

/** What may make the number of rows, or of calls, another than one. */
const MANY =
  /^(?:from|where|group|having|union|intersect|except|limit|offset|fetch|window|case|and|or|with|into|for)$/;

/** `SELECT call(…), …` without rows to choose from, or `SELECT … FROM call(…)`. */
function isCalledOnce(tokens: readonly Token[], at: number, end: number): boolean {
  if (!isWord(tokens[0], 'select')) return false;
  const start = startOf(tokens, at);
  const isRelation = isWord(tokens[start - 1], 'from');
  let depth = 0;
  for (const [index, token] of tokens.entries()) {
    if (index === start && depth > 0) return false;
    if (index === 0 || (index >= start && index <= end)) continue;
    if (isRelation && index === start - 1) continue;
    if (depth === 0 && token.kind === 'word' && MANY.test(token.value)) return false;
    if (isRelation && index > end && isSymbol(token, ',')) return false;
    if (isSymbol(token, '(')) depth++;
    if (isSymbol(token, ')')) depth--;
  }
  return true;
}

/** Where a call begins, its schema included. */
function startOf(tokens: readonly Token[], at: number): number {
  return isSymbol(tokens[at - 1], '.') ? at - 2 : at;
}

/** The column of `SELECT call(…)`, `SELECT call(…) AS name`. */
function onlyColumn(tokens: readonly Token[], at: number, end: number): string | undefined {
  if (startOf(tokens, at) !== 1 || !isWord(tokens[0], 'select')) return undefined;
  const [as, name, more] = tokens.slice(end + 1);
  if (!as) return tokens[at]?.value;
  if (isWord(as, 'as') && isName(name) && !more) return name.value;
  return isName(as) && !name ? as.value : undefined;
}
