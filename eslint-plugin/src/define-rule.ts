/**
 * Makes an ESLint rule from a catalogue entry: its `meta` is the entry's, its check asks the model of
 * the file. The one place where our types meet ESLint's.
 */
import { hazard, type HazardId } from '@savepoint/catalogue';
import type { Rule } from 'eslint';
import type { Node } from './model/ast.ts';
import { mayBeTestCode, modelOf, type FileModel, type Lint } from './model/file-model.ts';
import type { Source } from './model/reading.ts';
import { settingsOf } from './model/settings.ts';

export interface Edit {
  readonly range: readonly [number, number];
  readonly text: string;
}

export interface Suggestion {
  readonly messageId: string;
  readonly data?: Readonly<Record<string, string>>;
  readonly edits: readonly Edit[];
}

export interface Finding {
  readonly node: Node;
  readonly messageId: string;
  readonly data: Readonly<Record<string, string>>;
  /** A change that cannot alter behaviour. */
  readonly fix?: readonly Edit[] | undefined;
  /** What the editor offers, the first choice first. */
  readonly suggestion?: Suggestion | readonly Suggestion[] | undefined;
}

/** Everything in a file that shows one hazard. */
export type Check = (file: FileModel) => Iterable<Finding>;

/** For entries that have more to say to those who ask for it. */
const STRICT: Rule.RuleMetaData['schema'] = [
  {
    type: 'object',
    properties: {
      strict: {
        type: 'boolean',
        description: 'Also reports what a careful reader may accept, as the preset `strict` does.',
      },
    },
    additionalProperties: false,
  },
];

const DOCUMENTATION = 'https://www.npmjs.com/package/eslint-plugin-savepoint';

/** The rule of a hazard. @throws TypeError when the catalogue says the linter cannot see it. */
export function defineRule(id: HazardId, check: Check): Rule.RuleModule {
  const { title, presets, linter } = hazard(id);
  if (!linter) throw new TypeError(`the catalogue has no linter side for ${id}`);
  return {
    meta: {
      type: 'problem',
      docs: {
        description: title,
        recommended: presets.includes('recommended'),
        url: `${DOCUMENTATION}#${id}`,
      },
      messages: { ...linter.messages, ...linter.suggestions },
      hasSuggestions: Object.keys(linter.suggestions).length > 0,
      ...(linter.fixes !== undefined && { fixable: 'code' as const }),
      schema: linter.strictly ? STRICT : [],
      ...(linter.strictly && { defaultOptions: [{ strict: false }] }),
      languages: ['js/js'],
    },
    create(context) {
      const settings = settingsOf(context.settings);
      const source = sourceOf(context);
      if (!mayBeTestCode(source, settings)) return {};
      const isStrict = Reflect.get(Object(context.options[0]), 'strict') === true;
      return {
        'Program:exit'() {
          const file = modelOf(source, settings, lintOf(context));
          if (!file) return;
          for (const finding of check(file)) {
            if (!isStrict && finding.messageId in (linter.strictly ?? {})) continue;
            context.report(descriptorOf(finding));
          }
        },
      };
    },
  };
}

function descriptorOf({ node, messageId, data, fix, suggestion }: Finding): Rule.ReportDescriptor {
  return {
    loc: node.loc,
    messageId,
    data: { ...data },
    fix: fix ? (fixer) => apply(fixer, fix) : null,
    suggest: [suggestion ?? []].flat().map((each) => ({
      messageId: each.messageId,
      data: { ...data, ...each.data },
      fix: (fixer) => apply(fixer, each.edits),
    })),
  };
}

function apply(fixer: Rule.RuleFixer, edits: readonly Edit[]): Rule.Fix[] {
  return edits.map(({ range: [start, end], text }) => fixer.replaceTextRange([start, end], text));
}

/** ESLint types trees as ESTree; what parsers give, and the model reads, is typescript-estree's superset. */
function sourceOf({ sourceCode }: Rule.RuleContext): Source {
  return sourceCode as unknown as Source;
}

/** ESLint does not say of a parser how it is called; oxlint gives none that can be. */
function lintOf(context: Rule.RuleContext): Lint {
  return context as unknown as Lint;
}
