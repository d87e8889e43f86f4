/**
 * What a statement mentions, anywhere in it, that behaves otherwise in a sandbox than in a transaction
 * of its own. Knows no grammar: a mention is a reason to look closer, never a proof.
 */
import { isSymbol, isWord, type Token } from './sql-lexer.ts';

export type Mention =
  /** The clock that stands still in a transaction: `now()`, `CURRENT_TIMESTAMP` and their like. */
  | 'clock'
  /** The number of the transaction. */
  | 'transaction id'
  /** `pg_export_snapshot()`. */
  | 'snapshot'
  /** `ALTER TYPE … ADD VALUE`. */
  | 'enum value'
  /** A constraint that is made, or becomes, INITIALLY DEFERRED. */
  | 'deferred constraint'
  /** Something that reads parameters by their names. */
  | 'parameters'
  /** `default_transaction_isolation` and its like, also as the name that `set_config` is given. */
  | 'default modes';

const FUNCTIONS = new Map<string, Mention>([
  ['now', 'clock'],
  ['transaction_timestamp', 'clock'],
  ['txid_current', 'transaction id'],
  ['txid_current_if_assigned', 'transaction id'],
  ['pg_current_xact_id', 'transaction id'],
  ['pg_current_xact_id_if_assigned', 'transaction id'],
  ['pg_export_snapshot', 'snapshot'],
  ['current_setting', 'parameters'],
]);

const WORDS = new Map<string, Mention>([
  ['current_timestamp', 'clock'],
  ['current_date', 'clock'],
  ['current_time', 'clock'],
  ['localtimestamp', 'clock'],
  ['localtime', 'clock'],
  ['characteristics', 'default modes'],
  ['pg_settings', 'parameters'],
]);

const DEFAULT_MODES = /^default_transaction_(?:isolation|read_only|deferrable)$/i;

const NOTHING: ReadonlySet<Mention> = new Set();

/** Everything that a statement mentions. */
export function mentionsOf(tokens: readonly [Token, ...Token[]]): ReadonlySet<Mention> {
  let mentions: Set<Mention> | undefined;
  const add = (mention: Mention | undefined) => {
    if (mention) (mentions ??= new Set()).add(mention);
  };
  tokens.forEach((token, index) => {
    if (token.kind === 'word') {
      add(WORDS.get(token.value));
      if (isSymbol(tokens[index + 1], '(')) add(FUNCTIONS.get(token.value));
    }
    if (token.kind !== 'symbol' && DEFAULT_MODES.test(token.value)) add('default modes');
  });
  if (addsEnumValue(tokens)) add('enum value');
  if (defersConstraint(tokens)) add('deferred constraint');
  return mentions ?? NOTHING;
}

function defersConstraint(tokens: readonly [Token, ...Token[]]): boolean {
  const [first] = tokens;
  return (
    (isWord(first, 'create') || isWord(first, 'alter')) &&
    tokens.some((token) => isWord(token, 'deferred'))
  );
}

function addsEnumValue(tokens: readonly [Token, ...Token[]]): boolean {
  return (
    isWord(tokens[0], 'alter') &&
    isWord(tokens[1], 'type') &&
    tokens.some((token, index) => isWord(token, 'add') && isWord(tokens[index + 1], 'value'))
  );
}
