/** Regular expressions and templates: where they end, as far as a text alone tells them from divisions. */

const REGEX = /\/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\[\n])+\/\w*/y;
const TEMPLATE = /(?:\\[\s\S]|\$(?!\{)|[^`\\$])*(?:`|\$\{)/y;

/** Words behind which an expression begins, so that a slash begins a regular expression. */
const BEFORE_EXPRESSION =
  /^(?:return|typeof|case|in|of|delete|void|throw|new|do|else|instanceof|await|yield|default)$/;

/** The end of the regular expression that begins with this slash; undefined where it divides. */
export function endOfRegex(text: string, slash: number, previous: string): number | undefined {
  if (!startsExpression(previous)) return undefined;
  REGEX.lastIndex = slash;
  return REGEX.test(text) ? REGEX.lastIndex : slash + 1;
}

/** The token before, as what stands behind a regular expression sees one. */
export const AS_REGEX = ')';

function startsExpression(previous: string): boolean {
  return (
    previous === '' ||
    BEFORE_EXPRESSION.test(previous) ||
    /^[^\w$)\]`'"\u0080-\uffff]/.test(previous)
  );
}

/** The end of a template's text: behind its quote, or behind the `${` of the next placeholder. */
export function endOfTemplateText(text: string, from: number): number | undefined {
  TEMPLATE.lastIndex = from;
  return TEMPLATE.test(text) ? TEMPLATE.lastIndex : undefined;
}

/** Whether a template's text that ends there is followed by code. */
export function isPlaceholder(text: string, end: number): boolean {
  return text.charAt(end - 1) === '{';
}
