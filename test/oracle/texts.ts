/** Random texts of SQL: real statements put together, spoilt, and interspersed with what is hard to read. */
import { scanSync } from 'libpg-query';
import fc from 'fast-check';
import './parser.ts';
import { CORPUS } from './corpus.ts';

/** The statements as lists of tokens. */
const STATEMENTS: readonly (readonly string[])[] = CORPUS.map((sql) =>
  scanSync(sql).tokens.map(({ text }) => text),
);

/** Where one token ends and the next begins, mostly. */
const BLANKS = [
  ' ',
  '  ',
  '\n',
  '\r\n',
  '\t',
  '\f',
  '\v',
  '/**/',
  '/* ; */',
  "/* ' */",
  '/* " $$ -- */',
  '/* a /* nested ; */ comment */',
  '--\n',
  '-- ;\n',
  "-- '\n",
  '-- /*\r',
  '-- -- -- -- -- -- -- -- -- -- -- -- \n',
  '',
] as const;

/** Tokens that are hard to tell from others, and words that change what a statement is. */
const TRICKY = [
  ';',
  ';;',
  '(',
  ')',
  '[',
  ']',
  ',',
  '.',
  '..',
  ':',
  '::',
  ':=',
  '=>',
  '-',
  '--',
  '-- ;\n',
  '/*',
  '*/',
  '/* ; */',
  '*/*',
  '+-',
  '@-',
  '<-->',
  '->>',
  '?|',
  '#-',
  '~~*',
  "'",
  '"',
  "''",
  '""',
  "';'",
  "'a''b'",
  "'\\'",
  "'a'\n'b'",
  "'a' -- c\n 'b;'",
  "'a' /* c */ 'b'",
  "E'\\';'",
  "e'a\\\\'",
  "E'a'\n'\\';'",
  "B'01'",
  "X'zz'",
  "N'n;'",
  "U&'\\0061;'",
  "U&'!0061' UESCAPE '!'",
  'U&"a;b"',
  'U&"!0061" UESCAPE \'!\'',
  'U&',
  'u&x',
  'E',
  'n',
  '";"',
  '"a""b"',
  '"A b"',
  '$',
  '$$',
  '$$;$$',
  '$a$ ; $a$',
  '$a$$b$;$a$',
  '$1',
  '$1$2',
  '$1a',
  'a$$b',
  'a$b$c',
  '1$$',
  '$é$;$é$',
  '$a$',
  '1',
  '1.',
  '.5',
  '1..2',
  '1e5',
  '1e',
  '1e+',
  '0x1f',
  '0xg',
  '1_000',
  '1a',
  '123abc$',
  'é',
  'ñ;',
  '🦊',
  '\u00a0',
  'begin',
  'atomic',
  'begin atomic',
  'end',
  'case',
  'case when a then b end',
  'commit',
  'rollback',
  'work',
  'transaction',
  'and chain',
  'to',
  'savepoint',
  'create',
  'function',
  'procedure',
  'or replace',
  'rule',
  'return',
  'set',
  'local',
  'session',
  'concurrently',
  'a',
  '\\',
  '`',
  '#',
  '!',
  '{',
  '}',
  '%',
  '\u0001',
] as const;

type Tokens = readonly string[];
type Spoil = (tokens: Tokens) => Tokens;

/** One random change of a statement. */
function spoilings(): fc.Arbitrary<Spoil> {
  const at = fc.nat(40);
  const token = fc.oneof(
    { arbitrary: fc.constantFrom<string[]>(...TRICKY), weight: 4 },
    { arbitrary: fc.constantFrom(...STATEMENTS.flat()), weight: 1 },
  );
  const insert = fc.tuple(at, token).map(
    ([place, text]): Spoil =>
      (tokens) =>
        tokens.toSpliced(place % (tokens.length + 1), 0, text),
  );
  const remove = at.map(
    (place): Spoil =>
      (tokens) =>
        tokens.toSpliced(place % (tokens.length + 1), 1),
  );
  const replace = fc.tuple(at, token).map(
    ([place, text]): Spoil =>
      (tokens) =>
        tokens.toSpliced(place % (tokens.length + 1), 1, text),
  );
  const swap = at.map((place): Spoil => (tokens) => {
    const from = place % (tokens.length + 1);
    return tokens.toSpliced(from, 2, ...tokens.slice(from, from + 2).reverse());
  });
  const cut = at.map(
    (place): Spoil =>
      (tokens) =>
        tokens.slice(0, place % (tokens.length + 1)),
  );
  return fc.oneof(insert, remove, replace, swap, cut);
}

/** A statement, as it is or spoilt, with blanks of all kinds. */
function statements(): fc.Arbitrary<string> {
  const spoilt = fc.oneof(
    { arbitrary: fc.constant<Spoil[]>([]), weight: 3 },
    { arbitrary: fc.array(spoilings(), { minLength: 1, maxLength: 3 }), weight: 2 },
  );
  const blanks = fc.oneof(
    { arbitrary: fc.constant<string[]>([' ']), weight: 2 },
    {
      arbitrary: fc.array(fc.constantFrom<string[]>(...BLANKS), { minLength: 1, maxLength: 5 }),
      weight: 3,
    },
  );
  return fc
    .tuple(fc.constantFrom(...STATEMENTS), spoilt, blanks, fc.constantFrom(...CASES))
    .map(([tokens, spoils, between, recase]) =>
      spoils
        .reduce<Tokens>((left, spoil) => spoil(left), tokens)
        .map((text, index) => recase(text) + (between[index % between.length] ?? ' '))
        .join(''),
    );
}

const CASES: ((text: string) => string)[] = [
  (text) => text,
  (text) => (/^[A-Z]+$/.test(text) ? text.toLowerCase() : text),
  (text) => (/^[a-z]+$/.test(text) ? text.toUpperCase() : text),
];

/** Characters that decide where things end, in no order. */
function noise(): fc.Arbitrary<string> {
  return fc.string({
    unit: fc.constantFrom(...Array.from(`ab1;'"$$-/*\\\n ()eEuU&é🦊._x`)),
    maxLength: 24,
  });
}

/** Texts of a few statements. */
export function texts(): fc.Arbitrary<string> {
  const part = fc.oneof(
    { arbitrary: statements(), weight: 8 },
    {
      arbitrary: fc
        .array(fc.constantFrom<string[]>(...TRICKY), { maxLength: 8 })
        .map((tokens) => tokens.join(' ')),
      weight: 1,
    },
    { arbitrary: noise(), weight: 1 },
  );
  const end = fc.constantFrom(';', ' ; ', ';;', '; -- end\n', ';/* ; */');
  const several = fc
    .array(fc.tuple(part, end), { minLength: 2, maxLength: 4 })
    .map((parts) => parts.flat().join(''));
  return fc.oneof({ arbitrary: part, weight: 3 }, { arbitrary: several, weight: 1 });
}
