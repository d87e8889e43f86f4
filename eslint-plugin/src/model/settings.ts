/**
 * `settings.savepoint`: what a project adds to the defaults. Checked strictly, because a setting
 * that is misspelt and ignored looks like a linter that finds nothing.
 */
import { inspect } from 'node:util';
import { RESOURCES, RESOURCE_KINDS, type Resource } from '@savepoint/catalogue';
import { knownResources, type KnownResources } from './knowledge.ts';
import { similarWord } from './similar-word.ts';

export interface Settings {
  /** Modules that give what `node:test` gives. */
  readonly testModules: ReadonlySet<string>;
  readonly known: KnownResources;
  /** Whether what a file imports by a relative path is read. */
  readonly followImports: boolean;
  /** What suggestions write; absent: what the file itself uses. */
  readonly idiom?: Idiom;
}

/** Whose means a suggestion uses: `node:test` alone, or savepoint's runtime where it has better ones. */
export type Idiom = (typeof IDIOMS)[number];
const IDIOMS = ['node:test', 'savepoint'] as const;

/** Thrown for a setting that cannot be meant; stops the lint, as ESLint does for a rule's options. */
export class SettingsError extends TypeError {
  readonly code = 'ERR_SAVEPOINT_SETTINGS';
  override readonly name = 'SettingsError';
}

const DEFAULTS: Settings = {
  testModules: new Set(['node:test']),
  known: knownResources(RESOURCES),
  followImports: true,
};
const checked = new WeakMap<object, Settings>();

/** @throws {SettingsError} naming the key, when a key or value is not one it knows. */
export function settingsOf(all: Readonly<Record<string, unknown>>): Settings {
  const { savepoint } = all;
  if (savepoint === undefined) return DEFAULTS;
  const known = typeof savepoint === 'object' && savepoint ? checked.get(savepoint) : undefined;
  if (known) return known;
  const own = record(savepoint, 'settings.savepoint', KEYS);
  const settings: Settings = {
    testModules: new Set([
      ...DEFAULTS.testModules,
      ...texts(own['testModules'], 'settings.savepoint.testModules'),
    ]),
    known: knownResources([
      ...RESOURCES,
      ...list(own['resources'], 'settings.savepoint.resources').map((row, index) =>
        resource(row, `settings.savepoint.resources[${index}]`),
      ),
    ]),
    followImports: DEFAULTS.followImports,
    ...optional(own, 'followImports', 'settings.savepoint', flag),
    ...optional(own, 'idiom', 'settings.savepoint', (value, path) => oneOf(value, path, IDIOMS)),
  };
  if (typeof savepoint === 'object' && savepoint) checked.set(savepoint, settings);
  return settings;
}

const KEYS = ['testModules', 'resources', 'followImports', 'idiom'] as const;
const RESOURCE_KEYS = [
  'module',
  'export',
  'kind',
  'acquiredBy',
  'whenGivenUrl',
  'releasedBy',
  'releasedAtOnceBy',
  'releaseIsAsynchronous',
  'exceptWith',
  'openedBy',
  'opensAtFirstUse',
  'opensAtFirstUseWith',
  'keepsAliveOnce',
  'lends',
] as const;

function resource(value: unknown, path: string): Resource {
  const row = record(value, path, RESOURCE_KEYS);
  return {
    module: text(row['module'], `${path}.module`),
    export: text(row['export'], `${path}.export`),
    kind: oneOf(row['kind'], `${path}.kind`, KINDS),
    acquiredBy: oneOf(row['acquiredBy'], `${path}.acquiredBy`, ['new', 'call'] as const),
    releasedBy: required(row['releasedBy'], `${path}.releasedBy`, texts),
    ...optional(row, 'whenGivenUrl', path, flag),
    ...optional(row, 'releasedAtOnceBy', path, texts),
    ...optional(row, 'releaseIsAsynchronous', path, flag),
    ...optional(row, 'exceptWith', path, texts),
    ...optional(row, 'openedBy', path, texts),
    ...optional(row, 'opensAtFirstUse', path, flag),
    ...optional(row, 'opensAtFirstUseWith', path, texts),
    ...optional(row, 'keepsAliveOnce', path, texts),
    ...optional(row, 'lends', path, (loans, at) =>
      list(loans, at).map((each, index) => loan(each, `${at}[${index}]`)),
    ),
  };
}

const KINDS = Object.keys(RESOURCE_KINDS).filter(
  (kind): kind is Resource['kind'] => kind in RESOURCE_KINDS,
);

const LOAN_KEYS = [
  'method',
  'kind',
  'releasedBy',
  'releasedAtOnceBy',
  'releaseIsAsynchronous',
  'openedBy',
] as const;

function loan(value: unknown, path: string): NonNullable<Resource['lends']>[number] {
  const row = record(value, path, LOAN_KEYS);
  const [first, ...others] = texts(row['releasedBy'], `${path}.releasedBy`);
  if (first === undefined)
    return fail(`${path}.releasedBy`, 'a list of at least one method', row['releasedBy']);
  return {
    method: text(row['method'], `${path}.method`),
    kind: oneOf(row['kind'], `${path}.kind`, KINDS),
    releasedBy: [first, ...others],
    ...optional(row, 'releasedAtOnceBy', path, texts),
    ...optional(row, 'releaseIsAsynchronous', path, flag),
    ...optional(row, 'openedBy', path, texts),
  };
}

function optional<Key extends string, T>(
  row: Readonly<Record<string, unknown>>,
  key: Key,
  path: string,
  read: (value: unknown, path: string) => T,
): { [K in Key]?: T } {
  const value = row[key];
  if (value === undefined) return {};
  const found: { [K in Key]?: T } = {};
  found[key] = read(value, `${path}.${key}`);
  return found;
}

function required<T>(value: unknown, path: string, read: (value: unknown, path: string) => T): T {
  return value === undefined ? fail(path, 'set', value) : read(value, path);
}

function record(
  value: unknown,
  path: string,
  keys: readonly string[],
): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return fail(path, 'an object', value);
  }
  const unknown = Object.keys(value).find((key) => !keys.includes(key));
  if (unknown !== undefined) {
    throw new SettingsError(
      `${path}.${unknown} is not a setting of eslint-plugin-savepoint${hint(unknown, keys)}; known here: ${keys.join(', ')}.`,
    );
  }
  return Object.fromEntries(Object.entries(value));
}

function list(value: unknown, path: string): readonly unknown[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? value : fail(path, 'a list', value);
}

function texts(value: unknown, path: string): readonly string[] {
  return list(value, path).map((each, index) => text(each, `${path}[${index}]`));
}

function text(value: unknown, path: string): string {
  return typeof value === 'string' && value !== '' ? value : fail(path, 'a text', value);
}

function flag(value: unknown, path: string): boolean {
  return typeof value === 'boolean' ? value : fail(path, 'true or false', value);
}

function oneOf<T extends string>(value: unknown, path: string, known: readonly T[]): T {
  const found = known.find((each) => each === value);
  if (found !== undefined) return found;
  const meant = typeof value === 'string' ? hint(value, known) : '';
  return fail(path, `one of ${known.join(', ')}`, value, meant);
}

function hint(word: string, known: readonly string[]): string {
  const meant = similarWord(word, known);
  return meant === undefined ? '' : ` (did you mean ${meant}?)`;
}

function fail(path: string, expected: string, value: unknown, meant = ''): never {
  throw new SettingsError(`${path} must be ${expected}, not ${shown(value)}${meant}.`);
}

/** As it would be written in JSON; a config in JavaScript can also hold what JSON has no word for. */
function shown(value: unknown): string {
  if (value === undefined) return 'absent';
  return inspect(value, { depth: 1, breakLength: Infinity, maxStringLength: 60 }).replace(
    /^'(.*)'$/s,
    '"$1"',
  );
}
