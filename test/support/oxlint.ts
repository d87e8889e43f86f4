/** oxlint with our rules as a JavaScript plugin, started as a user starts it. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import savepoint from 'eslint-plugin-savepoint';

export interface Diagnostic {
  readonly message: string;
  /** `savepoint(no-fixed-port)`; none for what is no rule's. */
  readonly code?: string;
  readonly filename: string;
  readonly labels: readonly { readonly span: { readonly line: number } }[];
}

/** What an oxlint process said; `failed` when it could not lint. */
export interface OxlintOutput {
  readonly diagnostics: readonly Diagnostic[];
  readonly failed: string | undefined;
}

const MANIFEST = createRequire(import.meta.url).resolve('oxlint/package.json');
const BIN = join(MANIFEST, '..', 'bin', 'oxlint');
const PLUGIN = fileURLToPath(import.meta.resolve('eslint-plugin-savepoint'));
const MOST_OUTPUT = 1 << 30;

/** Lints everything below a folder with the strict preset and nothing else. */
export async function oxlint(folder: string, settings: object = {}): Promise<OxlintOutput> {
  const home = await mkdtemp(join(tmpdir(), 'savepoint-oxlint-'));
  try {
    const config = join(home, '.oxlintrc.json');
    await writeFile(
      config,
      JSON.stringify({
        categories: { correctness: 'off' },
        jsPlugins: [{ name: 'savepoint', specifier: PLUGIN }],
        settings,
        rules: savepoint.configs.strict.rules,
      }),
    );
    return await run(['--config', config, '--no-ignore', '--format', 'json', '.'], folder);
  } finally {
    await rm(home, { recursive: true });
  }
}

function run(args: readonly string[], cwd: string): Promise<OxlintOutput> {
  return new Promise((resolve) => {
    const options = { cwd, maxBuffer: MOST_OUTPUT };
    // A report makes the exit code 1; only output that is no report is a failure.
    execFile(process.execPath, [BIN, ...args], options, (_, stdout, stderr) => {
      const isReport = stdout.includes('"diagnostics"');
      const diagnostics = isReport ? (JSON.parse(stdout) as OxlintOutput).diagnostics : [];
      resolve({ diagnostics, failed: isReport ? undefined : stdout + stderr });
    });
  });
}
