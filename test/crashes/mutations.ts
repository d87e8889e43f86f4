/** A file as somebody half way through an edit would leave it. Knows nothing of linting. */
import fc from 'fast-check';

/** One slip of the hand; a place is counted in tokens, round and round. */
type Slip =
  | { readonly is: 'drop' | 'duplicate' | 'truncate'; readonly at: number }
  | { readonly is: 'swap' | 'copy' | 'rename'; readonly at: number; readonly from: number };

const place = fc.nat();
const slip: fc.Arbitrary<Slip> = fc.oneof(
  fc.record({ is: fc.constantFrom('drop', 'duplicate', 'truncate'), at: place }),
  fc.record({ is: fc.constantFrom('swap', 'copy'), at: place, from: place }),
  // Mostly leaves code that parses, and so gets further.
  { weight: 4, arbitrary: fc.record({ is: fc.constant('rename'), at: place, from: place }) },
);

/** Which of so many files, and what happens to it. */
export interface Mutation {
  readonly file: number;
  readonly slips: readonly Slip[];
}

export function mutations(files: number): fc.Arbitrary<Mutation> {
  return fc.record({
    file: fc.nat({ max: files - 1 }),
    slips: fc.array(slip, { minLength: 1, maxLength: 4 }),
  });
}

const TOKEN = /[\w$]+|\s+|[^\w\s$]/gu;
const WORD = /^[A-Za-z_$]/;

/** The text after each slip in turn. */
export function mutated(text: string, slips: readonly Slip[]): string {
  let tokens: readonly string[] = text.match(TOKEN) ?? [];
  for (const each of slips) {
    if (tokens.length === 0) break;
    tokens = afterSlip(tokens, each);
  }
  return tokens.join('');
}

function afterSlip(tokens: readonly string[], each: Slip): string[] {
  const at = each.at % tokens.length;
  const here = tokens[at] ?? '';
  switch (each.is) {
    case 'drop':
      return tokens.toSpliced(at, 1);
    case 'duplicate':
      return tokens.toSpliced(at, 0, here);
    case 'truncate':
      return tokens.slice(0, at);
    case 'copy':
      return tokens.toSpliced(at, 0, tokens[each.from % tokens.length] ?? '');
    case 'rename': {
      const words = [...tokens.keys()].filter((index) => WORD.test(tokens[index] ?? ''));
      const [word, other] = [each.at, each.from].map((index) => words[index % words.length] ?? 0);
      return tokens.with(word ?? 0, tokens[other ?? 0] ?? '');
    }
    case 'swap': {
      const from = each.from % tokens.length;
      return tokens.with(at, tokens[from] ?? '').with(from, here);
    }
  }
}
