/** `savepoint explain <id>`: one hazard on a screen. The whole of it is on its page in `docs/rules`. */
import { hazard, type HazardId } from './catalogue.ts';
import { listing, reportersOf } from './rule-page.ts';

/**
 * What a hazard is, how it shows and what to do, as Markdown that reads well in a terminal.
 * @throws TypeError when no hazard has this id
 */
export function explain(id: HazardId): string {
  const { title, cause, remedy, symptoms, signs, examples } = hazard(id);
  const [example] = examples;
  return [
    `# ${id}: ${title}`,
    cause,
    `What to do: ${remedy}`,
    ['It shows as:', ...symptoms, ...signs].join('\n  - '),
    'Risky:',
    ...listing(example, 'bad', indent),
    'Safe:',
    ...listing(example, 'good', indent),
    `${reportersOf(hazard(id))} More: docs/rules/${id}.md`,
  ].join('\n\n');
}

function indent(code: string): string {
  return code.trimEnd().replace(/^(?=.)/gm, '    ');
}
