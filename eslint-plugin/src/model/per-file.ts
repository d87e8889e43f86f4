/** Answers about a file that several rules ask for: worked out once, when first asked. */
import type { FileModel } from './file-model.ts';
import type { Reading } from './reading.ts';

export function perFile<Answer, File extends Reading = FileModel>(
  read: (file: File) => Answer,
): (file: File) => Answer {
  const answers = new WeakMap<File, { readonly answer: Answer }>();
  return (file) => {
    const known = answers.get(file);
    if (known) return known.answer;
    const answer = read(file);
    answers.set(file, { answer });
    return answer;
  };
}
