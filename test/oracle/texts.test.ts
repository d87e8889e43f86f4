/** PostgreSQL's own parser sees the statements that we see, and takes them for what we take them for. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import pg from 'pg';
import { splitStatements } from '../../runtime/src/pg/sql-lexer.ts';
import { scopeOf } from '../../runtime/src/test-scope.ts';
import { testServer } from '../support/database.ts';
import { CORPUS } from './corpus.ts';
import { parse } from './parser.ts';
import { assertSameReading } from './reading.ts';
import { runTextCampaign } from './text-campaign.ts';

test('every statement of the corpus is one, and is read as the server reads it', () => {
  for (const sql of CORPUS) {
    assert.equal(parse(sql)?.length, 1, sql);
    assertSameReading(sql);
  }
});

test('20,000 random texts are read as the server reads them', () => {
  const { texts, parsed, difference } = runTextCampaign({ texts: 20_000, seed: SEED });
  assert.equal(difference, undefined);
  assert.ok(parsed > texts / 4, `only ${String(parsed)} of them can be parsed`);
});

/** The same texts in every run: others are for `npm run test:oracle`. */
const SEED = 1;

// The parser stands in for the server everywhere else; here it is the server.
test('a random text has as many statements as a server finds in it', async (t) => {
  const client = new pg.Client(await testServer());
  await client.connect();
  scopeOf(t).defer(() => client.end());
  await fc.assert(
    fc.asyncProperty(selects(), async (sql) => {
      const results = (await client.query(sql)) as unknown;
      assert.equal(splitStatements(sql).length, [results].flat().length);
    }),
    { numRuns: 300 },
  );
});

/** Statements that the server runs, with literals and blanks of all kinds. */
function selects(): fc.Arbitrary<string> {
  const blank = fc.constantFrom(' ', '\n', ' -- ; \n', " /* ; /* ' */ */ ", " || 'a' -- ;\n 'b'");
  const said = fc.string({
    unit: fc.constantFrom(...Array.from('ab\'";$-/*\\() é🦊')),
    maxLength: 6,
  });
  const literal = fc.oneof(
    said.map((text) => `'${text.replaceAll("'", "''")}'`),
    said.map((text) => `E'${text.replace(/['\\]/g, '\\$&')}'`),
    said.map((text) => `$tag$${text}$tag$`),
  );
  const name = said.map((text) => `AS "${text.replaceAll('"', '""')}x"`);
  const select = fc
    .tuple(literal, blank, literal, name)
    .map(([one, between, two, as]) => `SELECT ${one}${between}, ${two} ${as}`);
  return fc
    .array(fc.tuple(select, fc.constantFrom(';', ';\n', '; -- ;\n', ';;')), {
      minLength: 1,
      maxLength: 4,
    })
    .map((statements) => statements.flat().join(''));
}
