/** The ESLint plugin: one rule per hazard that source can show, presets from the catalogue. */
import { createRequire } from 'node:module';
import { HAZARDS, type Hazard, type Preset } from '@savepoint/catalogue';
import type { ESLint, Linter } from 'eslint';
import { rules } from './rules.ts';

export { rules };

const NAMESPACE = 'savepoint';
const { version } = createRequire(import.meta.url)('../package.json') as { version: string };

/** A flat config with every rule of the preset, all as errors, so that bulk suppressions work. */
function configOf(preset: Preset) {
  const entries = HAZARDS.filter((entry: Hazard) => entry.linter && entry.presets.includes(preset));
  return {
    name: `${NAMESPACE}/${preset}`,
    plugins: {
      // The very plugin that a config names beside it: ESLint refuses two under one name.
      get [NAMESPACE](): ESLint.Plugin {
        return plugin;
      },
    },
    rules: Object.fromEntries(
      entries.map((entry) => [`${NAMESPACE}/${entry.id}`, levelOf(entry, preset)]),
    ),
  } satisfies Linter.Config;
}

function levelOf({ linter }: Hazard, preset: Preset): Linter.RuleEntry {
  return preset === 'strict' && linter?.strictly ? ['error', { strict: true }] : 'error';
}

const configs = { recommended: configOf('recommended'), strict: configOf('strict') };

const meta = { name: 'eslint-plugin-savepoint', version, namespace: NAMESPACE };
const plugin = { meta, rules, configs } satisfies ESLint.Plugin;

export default plugin;
