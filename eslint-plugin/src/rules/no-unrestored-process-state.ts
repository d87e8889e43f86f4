/** A test puts back what it changed for the whole process: variables of `process.env`, the directory. */
import { defineRule, type Edit } from '../define-rule.ts';
import { saveAndRestore } from '../edits.ts';
import type { FileModel } from '../model/file-model.ts';
import type { Fixture } from '../model/fixtures.ts';

export default defineRule('no-unrestored-process-state', function* (file) {
  for (const fixture of file.withFault('no-unrestored-process-state')) {
    const { lifetime, name, acquiredAt, releasedAt } = fixture;
    const message = lifetime.kind === 'environment' ? 'environment' : 'workingDirectory';
    const edits = registerRestore(file, fixture);
    yield {
      node: acquiredAt,
      messageId: lifetime.release.is === 'inline' ? `${message}Inline` : message,
      data: {
        name: lifetime.kind === 'environment' ? name : 'the working directory',
        scope: lifetime.acquired,
        line: String(releasedAt?.loc.start.line ?? ''),
      },
      suggestion: edits && { messageId: 'registerRestore', edits },
    };
  }
});

/** Saves the value before the change and registers its restore with the test. */
function registerRestore(file: FileModel, fixture: Fixture): Edit[] | undefined {
  const code =
    fixture.lifetime.kind === 'environment' ? restoreVariable(fixture.name) : restoreDirectory();
  return code && saveAndRestore(file, fixture, code);
}

interface Code {
  readonly save: string;
  readonly restore: string;
}

function restoreVariable(name: string): Code | undefined {
  const variable = /^process\.env\.(\w+)$/.exec(name)?.[1];
  if (variable === undefined) return undefined;
  const saved = `previous_${variable}`;
  return {
    save: `const ${saved} = ${name};`,
    restore: `{ if (${saved} === undefined) delete ${name}; else ${name} = ${saved}; }`,
  };
}

function restoreDirectory(): Code {
  return {
    save: 'const previousDirectory = process.cwd();',
    restore: 'process.chdir(previousDirectory)',
  };
}
