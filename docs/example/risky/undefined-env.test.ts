// Puts back what was not there: process.env turns undefined into the text 'undefined', which is truthy.
import assert from 'node:assert/strict';
import { test } from 'node:test';

test('asks for a token when one is set', (t) => {
  const before = process.env.TAGS_TOKEN;
  process.env.TAGS_TOKEN = 'secret';
  t.after(() => {
    process.env.TAGS_TOKEN = before;
  });
  assert.ok(process.env.TAGS_TOKEN);
});

test('asks for no token otherwise', () => {
  assert.ok(!process.env.TAGS_TOKEN);
});
