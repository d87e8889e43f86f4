/**
 * The part of a file that one of its exports needs: the statement that exports it, what that one
 * mentions, and so on. A helper of ten lines in a file of a thousand costs ten lines to parse.
 */
import { once } from '../once.ts';
import { keeping } from './files.ts';
import { outlineOf, type Statement } from './outline.ts';

export interface Slice {
  readonly text: string;
  readonly isModule: boolean;
  /** The modules that the part imports. */
  readonly modules: readonly string[];
}

/**
 * What the export is, by its text alone: `passed` comes from another module or is another name of
 * something, `value` is any other expression.
 */
export type Form = 'function' | 'class' | 'passed' | 'value';

/** Whole applications hang on some exports; those are not followed. */
const LARGEST = 4_500;

export interface SlicedFile {
  readonly text: string;
  /** The modules that any part of the file may import. */
  readonly modules: readonly string[];
  /** The statements at its top; undefined when its brackets do not match. */
  statements(): readonly Statement[] | undefined;
  /** What the export at this path is; undefined when the statements are. */
  form(path: readonly string[]): Form | undefined;
  /** The part for the export at this path; `[]` and `['default']` are what the module itself is. */
  slice(path: readonly string[]): Slice | undefined;
}

const IMPORTED = /(?:\bfrom|\bimport|\(|\bimport\s*\()\s*['"]([^'"\n]+)['"]/g;

export function slicedFile(text: string): SlicedFile {
  const forms = new Map<string, Form | undefined>();
  const slices = new Map<string, Slice | undefined>();
  const outline = once(() => outlineOf(text));
  const selector = once(() => {
    const statements = outline();
    return statements && selectorAmong(statements);
  });

  return {
    text,
    modules: [...text.matchAll(IMPORTED)].flatMap(([, module]) => module ?? []),
    statements: outline,
    form(path) {
      const name = nameAt(path);
      if (!forms.has(name)) forms.set(name, selector()?.form(name));
      return forms.get(name);
    },
    slice(path) {
      const name = nameAt(path);
      if (!slices.has(name)) slices.set(name, selector()?.slice(name));
      return slices.get(name);
    },
  };
}

function nameAt(path: readonly string[]): string {
  return path.find((each) => each !== 'default') ?? 'default';
}

/** The files of a project by what was made of each. */
export const slicedFiles = keeping(slicedFile);

interface Selector {
  form(name: string): Form;
  slice(name: string): Slice | undefined;
}

/**
 * A class without those of its methods that neither make, open nor end what it holds, by their names.
 * One that is small is as it was.
 */
function slimmed(statement: Statement): Statement {
  if (statement.is !== 'class' || statement.text.length < SMALL_CLASS) return statement;
  const start = /\{/.exec(statement.text)?.index;
  const members = start === undefined ? undefined : outlineOf(bodyOf(statement.text, start));
  if (start === undefined || !members) return statement;
  const kept = members.filter(({ text: member }) => !METHOD.test(member) || LIFE.test(member));
  const text = `${statement.text.slice(0, start + 1)}\n${kept.map(({ text: member }) => member).join('\n')}\n}`;
  const [slim] = outlineOf(text) ?? [];
  return slim ? { ...slim, declares: statement.declares } : statement;
}

/** What stands between the braces of a class. */
function bodyOf(text: string, start: number): string {
  return text.slice(start + 1, text.lastIndexOf('}'));
}

const SMALL_CLASS = 600;
const MODIFIED =
  '^(?:(?:public|private|protected|static|override|async|get|set|readonly|declare|abstract)\\s+)*\\*?\\s*';
const METHOD = new RegExp(`${MODIFIED}[#\\w$]+\\??\\s*(?:<[^(]*>)?\\(`);
const LIFE = new RegExp(
  `${MODIFIED}#?(?:constructor|(?:connect|open|start|init|listen|boot|setup|create|close|end|stop|destroy|dispose|shutdown|disconnect|terminate|teardown|quit|release)\\w*)\\s*(?:<[^(]*>)?\\(`,
  'i',
);

function selectorAmong(statements: readonly Statement[]): Selector {
  const declaring = new Map<string, Statement[]>();
  for (const statement of statements) {
    for (const name of statement.declares) {
      const known = declaring.get(name);
      if (known) known.push(statement);
      else declaring.set(name, [statement]);
    }
  }
  const exporting = statements.filter(isExporting);
  const isModule = statements.some(
    ({ is, text: each }) => is === 'import' || /^export\b/.test(each),
  );
  const slims = new Map<Statement, Statement>();

  /** What there is to parse of a statement: worth finding out where it is chosen. */
  function slim(statement: Statement): Statement {
    const known = slims.get(statement) ?? slimmed(statement);
    slims.set(statement, known);
    return known;
  }

  return {
    form: (name) => formOf(name, exportersOf(name)),
    slice,
  };

  /** The statements that export it: by its name, or whatever the name. */
  function exportersOf(name: string): readonly Statement[] {
    const named = exporting.filter((statement) => exportsName(statement, name));
    return named.length > 0 ? named : exporting.filter(isWholeExport);
  }

  function slice(name: string): Slice | undefined {
    const chosen = new Set<Statement>();
    let size = 0;

    function choose(statement: Statement, words?: Iterable<string>): void {
      if (chosen.has(statement) || size > LARGEST) return;
      chosen.add(statement);
      size += slim(statement).text.length;
      if (size > LARGEST) return;
      for (const word of words ?? slim(statement).words()) {
        for (const declared of declaring.get(word) ?? []) choose(declared);
      }
      if (!mayChange(statement)) return;
      // Whoever mentions what may change, or may be released, says something of it.
      for (const other of statements) {
        if (
          other.is !== 'import' &&
          !exporting.includes(other) &&
          mentions(slim(other), statement.declares)
        ) {
          choose(other);
        }
      }
    }

    for (const statement of exportersOf(name)) {
      choose(statement, isList(statement) ? listed(statement, name) : undefined);
    }
    if (chosen.size === 0 || size > LARGEST) return undefined;
    const picked = statements.filter((statement) => chosen.has(statement)).map(slim);
    return {
      text: picked.map((statement) => statement.text).join('\n'),
      isModule,
      modules: picked.flatMap((statement) => (imports(statement) ? [...statement.strings()] : [])),
    };
  }

  function formOf(name: string, exporters: readonly Statement[]): Form {
    for (const statement of exporters) {
      if (statement.is !== 'other' && /^export\b/.test(statement.text)) {
        return formOfDeclaration(statement);
      }
      if (/^export\b[^'"`]*\bfrom\b|^export\s*\*/.test(statement.text)) return 'passed';
      const value = /(?:=|\bdefault)\s*([^=][\s\S]*)$/.exec(statement.text)?.[1] ?? '';
      if (isList(statement) || /^[\w$]+\s*;?\s*$/.test(value)) {
        const local = isList(statement) ? listed(statement, name) : (value.match(/[\w$]+/g) ?? []);
        for (const declared of [...local].flatMap((each) => declaring.get(each) ?? [])) {
          return formOfDeclaration(declared);
        }
      }
      return formOfValue(value);
    }
    return 'value';
  }

  /** The words of a list of exports that stand for one of them: itself, or what it is renamed from. */
  function listed({ text: list, words }: Statement, name: string): Iterable<string> {
    const quoted = name.replaceAll('$', '\\$');
    const renamed =
      new RegExp(`([\\w$]+)\\s+as\\s+${quoted}(?![\\w$])`).exec(list) ??
      new RegExp(`(?<![\\w$])${quoted}\\s*:\\s*([\\w$]+)\\s*[,}]`).exec(list);
    const local = renamed?.[1] ?? name;
    return declaring.has(local) ? [local] : words();
  }
}

function formOfDeclaration({ is, text }: Statement): Form {
  switch (is) {
    case 'function':
    case 'class':
      return is;
    case 'import':
      return 'passed';
    case 'variable':
    case 'other':
      return formOfValue(/^[^=]*=([\s\S]*)$/.exec(text)?.[1] ?? '');
  }
}

function formOfValue(text: string): Form {
  const value = text.trim();
  if (FUNCTION.test(value)) return 'function';
  if (/^class\b/.test(value)) return 'class';
  return /^[\w$.]+;?$|\b(?:require|import)\s*\(/.test(value) ? 'passed' : 'value';
}

const FUNCTION = /^(?:async\b\s*)?(?:function\b|\([^()]*\)[^=]*=>|[\w$]+\s*=>)/;

function isExporting({ text, says }: Statement): boolean {
  return (
    /^export\b/.test(text) ||
    says('exports') ||
    (says('module') && /\bmodule\.exports\b/.test(text))
  );
}

function exportsName({ text }: Statement, name: string): boolean {
  if (name === 'default')
    return /^export\s+default\b|^export\s*=|\bmodule\.exports\s*=|\bas\s+default\b|\bexports\.default\b/.test(
      text,
    );
  return new RegExp(`(?<![\\w$])${name.replaceAll('$', '\\$')}(?![\\w$])`).test(text);
}

/** `export * from`, `export default`, `module.exports =`: may give any name. */
function isWholeExport({ text }: Statement): boolean {
  return /^export\s*(?:\*|=|default\b)|^(?:exports\s*=\s*)?module\.exports\s*=/.test(text);
}

function isList({ text }: Statement): boolean {
  return /^export\s*(?:type\s*)?\{|^module\.exports\s*=\s*\{|^export\s+default\s*\{/.test(text);
}

function imports({ is, says }: Statement): boolean {
  return is === 'import' || says('require') || says('import') || says('from');
}

/** A variable that holds more than a function, an import or a plain value. */
function mayChange({ is, text }: Statement): boolean {
  if (is !== 'variable') return false;
  if (/^(?:export\s+)?(?:let|var)\b/.test(text)) return true;
  if (/\b(?:require|import)\s*\(/.test(text)) return false;
  return (
    text.includes('(') &&
    !/^[^=(]*=\s*(?:async\b)?\s*(?:function\b|\([^()]*\)[^=]*=>|[\w$]+\s*=>)/.test(text)
  );
}

function mentions({ says }: Statement, names: ReadonlySet<string>): boolean {
  for (const name of names) if (says(name)) return true;
  return false;
}
