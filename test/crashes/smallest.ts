/** The smallest part of a text that still does what the whole does. */

/** Takes lines away, many at once first, as long as `still` holds. */
export async function smallest(
  text: string,
  still: (text: string) => Promise<boolean>,
): Promise<string> {
  let lines = text.split('\n');
  for (let size = lines.length >> 1; size > 0; size >>= 1) {
    for (let at = 0; at < lines.length;) {
      const fewer = lines.toSpliced(at, size);
      if (await still(fewer.join('\n'))) lines = fewer;
      else at += size;
    }
  }
  return lines.join('\n');
}
