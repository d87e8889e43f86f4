/** `savepoint explain`: from an id, or from what somebody saw, to the hazard. The words are the catalogue's. */
import {
  explain as explanationOf,
  findHazards,
  hazard,
  HAZARDS,
  type Match,
} from '@savepoint/catalogue';
import { text as readAll } from 'node:stream/consumers';
import { EXIT_CODE, type ExitCode } from './exit-code.ts';

/** Long enough to recognise a pasted error by, short enough for one line. */
const SHOWN_LENGTH = 100;

/** Prints to stdout. @param words an id, the words of an error, or `-` for stdin; none: all hazards are listed */
export async function explain(words: readonly string[]): Promise<ExitCode> {
  if (words.length === 0) {
    process.stdout.write(listOfHazards());
    return EXIT_CODE.fine;
  }
  const seen =
    words.length === 1 && words[0] === '-' ? await readAll(process.stdin) : words.join(' ');
  const matches = findHazards(seen);
  if (matches.length === 0) {
    process.stderr.write(nothingFound(seen));
    return EXIT_CODE.unwelcome;
  }
  process.stdout.write(answerTo(matches));
  return EXIT_CODE.fine;
}

function listOfHazards(): string {
  const width = Math.max(...HAZARDS.map(({ id }) => id.length));
  return HAZARDS.map(({ id, title }) => `${id.padEnd(width)}  ${title}\n`).join('');
}

function answerTo(matches: readonly Match[]): string {
  const [first, ...others] = matches;
  if (first && others.length === 0) return `${reason(first)}${explanationOf(first.id)}\n`;
  const entries = matches.map((match) => {
    const { title, remedy } = hazard(match.id);
    return `${match.id}: ${title}\n${indent(reason(match))}  What to do: ${remedy}\n`;
  });
  return `${entries.join('\n')}\nThe whole of one: savepoint explain ${first?.id ?? '<id>'}\n`;
}

/** Why this hazard is the answer; nothing to say where it was asked for by name. */
function reason({ by, found }: Match): string {
  return by === 'symptom' ? `Because of: ${shortened(found)}\n` : '';
}

function nothingFound(seen: string): string {
  return (
    `savepoint: no hazard is known by this: ${shortened(seen) || '(nothing)'}\n` +
    `It was compared with the ids and the symptoms of ${String(HAZARDS.length)} hazards. ` +
    'Try the line of the error itself, without its stack;\n' +
    '`savepoint explain` lists all hazards, `node --import savepoint/watch --test` names those of a run.\n'
  );
}

function shortened(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length > SHOWN_LENGTH ? `${line.slice(0, SHOWN_LENGTH)}…` : line;
}

function indent(line: string): string {
  return line && `  ${line}`;
}
