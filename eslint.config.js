import eslintPlugin from 'eslint-plugin-eslint-plugin';
import savepoint from 'eslint-plugin-savepoint';
import { defineConfig, globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';

export default defineConfig([
  globalIgnores([
    '**/dist/**',
    '**/fixtures/**',
    'docs/example/risky/**',
    '**/risky.test.ts',
    '**/*.mjs',
  ]),
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: {
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      // node:test runs what it is given; nobody awaits a top-level `test(…)`.
      '@typescript-eslint/no-floating-promises': [
        'error',
        {
          allowForKnownSafeCalls: [
            { from: 'package', package: 'node:test', name: ['test', 'it', 'describe', 'suite'] },
          ],
        },
      ],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_', ignoreRestSiblings: true },
      ],
      // `async` also promises that what is thrown becomes a rejection.
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
    },
  },
  {
    // The enum of node types is a value of a package that is imported for its types only.
    files: ['eslint-plugin/src/**/*.ts'],
    rules: {
      '@typescript-eslint/no-unsafe-enum-comparison': 'off',
      // A switch over node types names those it knows; `default` is all the others.
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
    },
  },
  {
    // Methods of drivers and of Node are taken here to be put back.
    files: ['runtime/src/watch/**/*.ts', 'runtime/src/pg/app-pool.ts', 'runtime/src/sqlite/*.ts'],
    rules: { '@typescript-eslint/unbound-method': 'off' },
  },
  {
    files: ['eslint-plugin/src/rules/**/*.ts'],
    extends: [eslintPlugin.configs.recommended],
  },
  {
    files: ['test/**/*.test.ts', 'docs/example/safe/**/*.ts'],
    plugins: { savepoint },
    extends: ['savepoint/strict'],
  },
  {
    // What the sandbox must stand, they do on purpose.
    files: ['test/runtime/{pg,databases}/**/*.test.ts', 'test/faults/**/*.test.ts'],
    rules: { 'savepoint/no-dirty-release': 'off', 'savepoint/no-nested-checkout': 'off' },
  },
]);
