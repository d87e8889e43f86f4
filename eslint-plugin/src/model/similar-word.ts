/** Which known word was meant by one that is not known. */

/** The known word that few slips make of this one; undefined when none is near. */
export function similarWord(word: string, known: readonly string[]): string | undefined {
  const [nearest] = known
    .map((each) => ({ each, slips: slipsBetween(word.toLowerCase(), each.toLowerCase()) }))
    .filter(({ each, slips }) => slips <= Math.max(1, each.length / 3))
    .sort((a, b) => a.slips - b.slips);
  return nearest?.each;
}

/** How many letters have to be written, dropped or changed. */
function slipsBetween(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (const [index, letter] of Array.from(a).entries()) {
    const next = [index + 1];
    for (const [at, other] of Array.from(b).entries()) {
      const [above = 0, left = 0, corner = 0] = [row[at + 1], next[at], row[at]];
      next.push(Math.min(above + 1, left + 1, corner + (letter === other ? 0 : 1)));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
