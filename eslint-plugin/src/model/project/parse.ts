/**
 * Another file's code as the model reads it: by the parser that read the linted file, with ESLint's
 * own scope analysis where that parser brings none. The edge to both; where there is no parser to
 * call (oxlint has none) there is nothing to read.
 */
import { createRequire } from 'node:module';
import { extname } from 'node:path';
import type { TSESLint, TSESTree } from '@typescript-eslint/utils';
import type { Node } from '../ast.ts';
import type { Source } from '../reading.ts';
import type { VisitorKeys } from '../tree.ts';
import type { Slice } from './slice.ts';

/** How the linted file was read. */
export interface Language {
  readonly parser?: Parser | undefined;
  readonly ecmaVersion?: number | undefined;
  readonly visitorKeys: VisitorKeys;
}

export interface Parser {
  readonly parseForESLint?: (text: string, options: object) => Parsed;
  readonly parse?: (text: string, options: object) => TSESTree.Program;
}

interface Parsed {
  readonly ast: TSESTree.Program;
  readonly scopeManager?: TSESLint.Scope.ScopeManager | null;
}

interface ScopeAnalysis {
  analyze(ast: TSESTree.Program, options: object): TSESLint.Scope.ScopeManager;
}

const MOST_KEPT = 200;
const parsed = new WeakMap<Parser, Map<string, Source | undefined>>();

/** The slice as a source; undefined where it is no code that the parser reads. */
export function parseSlice(slice: Slice, path: string, language: Language): Source | undefined {
  const { parser } = language;
  if (!parser) return undefined;
  const kept = parsed.get(parser) ?? new Map<string, Source | undefined>();
  parsed.set(parser, kept);
  const key = `${extname(path)} ${slice.isModule} ${slice.text}`;
  if (!kept.has(key)) {
    kept.set(key, sourceOf(slice, path, language, parser));
    const [oldest] = kept.keys();
    if (kept.size > MOST_KEPT && oldest !== undefined) kept.delete(oldest);
  }
  return kept.get(key);
}

function sourceOf(
  { text, isModule }: Slice,
  path: string,
  { visitorKeys, ecmaVersion = 2026 }: Language,
  parser: Parser,
): Source | undefined {
  const options = {
    range: true,
    ecmaVersion,
    sourceType: isModule ? 'module' : 'script',
    ecmaFeatures: { jsx: /x$/.test(path) },
  };
  try {
    // No type of a library is asked for; a project's own types are never.
    const { ast, scopeManager } = parser.parseForESLint
      ? parser.parseForESLint(text, { ...options, filePath: path, lib: [] })
      : { ast: parser.parse?.(text, options), scopeManager: undefined };
    if (!ast) return undefined;
    adopt(ast, visitorKeys);
    return {
      text,
      ast,
      scopeManager: scopeManager ?? scopeAnalysis()?.analyze(ast, options) ?? null,
      visitorKeys,
      getText: (node) => text.slice(...node.range),
    };
  } catch {
    return undefined;
  }
}

/** Gives every node its parent, as ESLint does for the file it lints. */
function adopt(root: Node, visitorKeys: VisitorKeys): void {
  const pending: object[] = [root];
  for (let parent = pending.pop(); parent; parent = pending.pop()) {
    for (const key of visitorKeys[typeOf(parent)] ?? []) {
      const value: unknown = Reflect.get(parent, key);
      const children: readonly unknown[] = Array.isArray(value) ? value : [value];
      for (const child of children) {
        if (typeof child !== 'object' || child === null) continue;
        Reflect.set(child, 'parent', parent);
        pending.push(child);
      }
    }
  }
}

function typeOf(node: object): string {
  return String(Reflect.get(node, 'type'));
}

let analysis: ScopeAnalysis | undefined | 'unasked' = 'unasked';

/** The analysis that ESLint itself uses, found from where ESLint is. */
function scopeAnalysis(): ScopeAnalysis | undefined {
  if (analysis === 'unasked') {
    try {
      const eslint = createRequire(import.meta.url).resolve('eslint/package.json');
      analysis = createRequire(eslint)('eslint-scope') as ScopeAnalysis;
    } catch {
      analysis = undefined;
    }
  }
  return analysis;
}
