/** What people read when a watched process ends: its hazards, by the line that they come from. */
import { relative } from 'node:path';
import type { HazardError } from '../hazard-error.ts';
import { formatPlace, type Trace } from '../trace.ts';

let printed = 0;

/** Prints the hazards that were not printed before, to stderr and synchronously. Nothing when there are none. */
export function printReport(hazards: readonly HazardError[]): void {
  const fresh = hazards.slice(printed);
  if (!fresh.length) return;
  printed = hazards.length;
  process.stderr.write(`${describeAll(fresh)}\n`);
}

function describeAll(hazards: readonly HazardError[]): string {
  const count = `${String(hazards.length)} ${hazards.length === 1 ? 'hazard' : 'hazards'}`;
  return [`savepoint saw ${count}:`, ...hazards.map(describe)].join('\n\n');
}

function describe({ code, happened, acquired, used, expected, remedy }: HazardError): string {
  return [
    `  ${code}: ${happened}`,
    ...line('acquired at', acquired),
    ...line('used at', used),
    ...(expected === undefined ? [] : [`    should have been released: ${expected}`]),
    `    what to do: ${remedy}`,
  ].join('\n');
}

function line(label: string, trace: Trace | undefined): string[] {
  if (!trace?.place) return [];
  const { file, line, column } = trace.place;
  return [`    ${label}: ${formatPlace({ file: relative(process.cwd(), file), line, column })}`];
}
