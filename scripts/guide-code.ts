/** The code that the guide's chapters show: whole files of the example, which are linted and run. */
import { readFile, readdir } from 'node:fs/promises';
import { extname, join } from 'node:path';

const GUIDE = 'docs/guide';
const SHOWN = /(<!-- code: (\S+) -->\n).*?(\n<!-- \/code -->)/gs;

/**
 * Every chapter with the code between its `<!-- code: path -->` markers as it is in that file.
 * @throws Error when a chapter names a file that does not exist
 */
export async function chaptersWithCode(root: string): Promise<Map<string, string>> {
  const chapters = new Map<string, string>();
  for (const name of await readdir(join(root, GUIDE))) {
    const path = `${GUIDE}/${name}`;
    chapters.set(path, await withCode(root, await readFile(join(root, path), 'utf8')));
  }
  return chapters;
}

async function withCode(root: string, chapter: string): Promise<string> {
  const files = [...chapter.matchAll(SHOWN)].map(([, , file = '']) => file);
  const code = new Map<string, string>();
  for (const file of files) code.set(file, await readFile(join(root, file), 'utf8'));
  return chapter.replace(SHOWN, (_, begin: string, file: string, end: string) => {
    const fence = `\`\`\`${extname(file).slice(1)}\n${code.get(file) ?? ''}\`\`\``;
    return `${begin}\n${fence}\n${end}`;
  });
}
