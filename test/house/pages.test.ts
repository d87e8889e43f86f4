/** What is written for people can be found and is there: pages, links, and the names that pages use. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import runtime from '../../runtime/package.json' with { type: 'json' };

function tracked(...patterns: readonly string[]): string[] {
  const listed = execFileSync('git', ['ls-files', '--', ...patterns], { encoding: 'utf8' });
  return listed.trim().split('\n');
}

const texts = new Map(tracked('*.md').map((path) => [path, readFileSync(path, 'utf8')]));
const pages = new Map([...texts].map(([path, text]) => [path, withoutCode(text)]));
const sources = tracked('*/src/*.ts').map((path) => readFileSync(path, 'utf8'));

function withoutCode(markdown: string): string {
  return markdown.replace(/^(`{3,}).*?^\1/gms, '').replace(/`[^`\n]*`/g, '');
}

interface Link {
  readonly page: string;
  readonly to: string;
  readonly anchor: string | undefined;
}

/** Those that stay in the repository. */
function linksOf(page: string): Link[] {
  const links = [
    ...(pages.get(page) ?? '').matchAll(/\]\((?![a-z]+:)([^)#\s]*)(?:#([^)\s]+))?\)/g),
  ];
  return links.map(([, path, anchor]) => ({
    page,
    to: path ? join(dirname(page), path) : page,
    anchor,
  }));
}

/** As GitHub derives it from a heading, and as pages set it themselves. */
function hasAnchor(page: string, anchor: string): boolean {
  const text = texts.get(page) ?? '';
  if (text.includes(`id="${anchor}"`)) return true;
  return [...text.matchAll(/^#+ (.+)$/gm)].some(([, heading = '']) => slug(heading) === anchor);
}

function slug(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .replaceAll(' ', '-');
}

for (const page of pages.keys()) {
  test(`links of ${page} lead somewhere`, () => {
    const lost = linksOf(page).filter(
      ({ to, anchor }) => !existsSync(to) || (anchor !== undefined && !hasAnchor(to, anchor)),
    );
    assert.deepEqual(lost, []);
  });
}

test('every page of the docs is reached from the README', () => {
  const reached = new Set(['README.md']);
  for (const page of reached) for (const { to } of linksOf(page)) reached.add(to);
  const docs = [...pages.keys()].filter((page) => page.startsWith('docs/'));
  assert.ok(docs.length > 0);
  assert.deepEqual(
    docs.filter((page) => !reached.has(page)),
    [],
  );
});

function namesIn(texts: Iterable<string>, name: RegExp): string[] {
  const found = [...texts].flatMap((text) =>
    [...text.matchAll(name)].map(([all, part]) => part ?? all),
  );
  const names = [...new Set(found)].sort();
  assert.ok(names.length > 1, String(name));
  return names;
}

test('errors that pages name are errors of the code', () => {
  // With something behind the prefix: `ERR_SAVEPOINT_…` stands for all.
  const known = new Set(namesIn(sources, /ERR_SAVEPOINT_\w+/g));
  const told = namesIn(texts.values(), /ERR_SAVEPOINT_\w+/g);
  assert.deepEqual(
    told.filter((name) => !known.has(name)),
    [],
  );
});

test('environment variables that the runtime reads are told, and no others', () => {
  const read = namesIn(sources, /process\.env(?:\.|\[')(SAVEPOINT_\w+)/g);
  const taken = namesIn(sources, /\{ (SAVEPOINT_\w+)[^}]* \} = process\.env/g);
  const told = namesIn(texts.values(), /(?<!ERR_)\bSAVEPOINT_[A-Z]\w+/g);
  assert.deepEqual(told, [...read, ...taken].sort());
});

test('entry points of the runtime are told, and no others', () => {
  const entries = Object.keys(runtime.exports).filter((entry) => !entry.endsWith('.json'));
  const told = namesIn(texts.values(), /(?:'|`|import |--import=)(savepoint\/[a-z]+)\b(?![-/])/g);
  assert.deepEqual(
    told.filter((name) => !/^savepoint\/(?:recommended|strict)$/.test(name)),
    entries
      .filter((entry) => entry !== '.')
      .map((entry) => entry.replace('.', 'savepoint'))
      .sort(),
  );
});
