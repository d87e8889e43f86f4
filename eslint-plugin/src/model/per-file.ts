/** Answers about a file that several rules ask for: worked out once, when first asked. */
import type { FileModel } from './file-model.ts';

export function perFile<Answer>(read: (file: FileModel) => Answer): (file: FileModel) => Answer {
  const answers = new WeakMap<FileModel, { readonly answer: Answer }>();
  return (file) => {
    const known = answers.get(file);
    if (known) return known.answer;
    const answer = read(file);
    answers.set(file, { answer });
    return answer;
  };
}
