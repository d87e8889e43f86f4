/** Is a release in the body of a test its clean-up, or the very thing it tests? */
import {
  bare,
  calledName,
  enclosingFunction,
  isCall,
  isFunction,
  statementOf,
  textOf,
  type Node,
} from './ast.ts';
import type { Frame } from './frames.ts';
import type { Place } from './placement.ts';

/** The test goes on after the release, or begins its title with it. */
export function isActUnderTest(place: Extract<Place, { is: 'inline' }>, frame: Frame): boolean {
  return !endsItsBody(place.at) || isNamedByTitle(place.node, frame);
}

/** Whether the title of a test speaks of the release at all: "a queue stops when it is empty". */
export function isSpokenOf(release: Node, frame: Frame): boolean {
  return isInTitle(release, frame, '(?:e|es|ed|s|ing|ped|ping)?\\b');
}

/** Whether it says what happens then, "http/2 closes well", and not to something else, "closes the client". */
export function isToldOf(release: Node, frame: Frame): boolean {
  return isInTitle(release, frame, '(?:es|ed|s|ing|ped|ping)\\b(?! (?:the|an?|its)\\b)');
}

function isInTitle(release: Node, frame: Frame, ending: string): boolean {
  const title = titleOf(frame);
  const verb = verbOf(release);
  if (title === undefined || verb === undefined) return false;
  const stem = verb.replace(/e$/, '').replace('down', '\\w* ?down');
  return new RegExp(`\\b${stem}${ending}`, 'i').test(title);
}

const CLEANUP =
  /^(?:(?:close|end|stop|destroy|quit|disconnect|dispose|release|shutdown|terminate|kill|reset|restore|teardown|tearDown|cleanup|cleanUp)(?:[A-Z]\w*)?|rm|rmSync|unlink|unlinkSync|chdir|setGlobalDispatcher|clearTimeout|clearInterval)$/;

/** Whether only cleanup, or what else is said to count as such, follows a statement in its function. */
export function endsItsBody(
  node: Node,
  isEnding: (statement: Node) => boolean = isCleanup,
): boolean {
  const fn = enclosingFunction(node);
  for (let at: Node | undefined = statementOf(node); at && at !== fn?.body; at = at.parent) {
    const { parent } = at;
    if (isFunction(at)) return true;
    if (parent?.type !== 'BlockStatement') continue;
    const index = parent.body.findIndex((statement) => statement === at);
    if (!parent.body.slice(index + 1).every((statement) => isEnding(statement))) return false;
  }
  return true;
}

/** Whether a statement only releases or restores. */
export function isCleanup(statement: Node): boolean {
  if (statement.type === 'ReturnStatement') return statement.argument === null;
  if (statement.type !== 'ExpressionStatement') return false;
  const expression = bare(statement.expression);
  const call = expression.type === 'AwaitExpression' ? bare(expression.argument) : expression;
  if (call.type === 'AssignmentExpression' || call.type === 'UnaryExpression') return true;
  if (call.type === 'NewExpression') return true;
  if (call.type !== 'CallExpression') return false;
  const name = calledName(call);
  return name !== undefined && CLEANUP.test(name);
}

/** Whether the test's title begins with the release: "closes idle connections", "should close". */
function isNamedByTitle(release: Node, frame: Frame): boolean {
  const verb = verbOf(release);
  const title = titleOf(frame);
  if (verb === undefined || title === undefined) return false;
  const act = title.toLowerCase().replace(/^(?:it |should |can )*(?:\w+\.)?/, '');
  return act.startsWith(verb.toLowerCase().replace(/e$/, ''));
}

/** `restore` of `restoreFetch()`, `close` of `close()` and `server.close()`. */
function verbOf(release: Node): string | undefined {
  const name = isCall(release) ? calledName(release) : undefined;
  return name === undefined ? undefined : (/^[a-z]+/.exec(name)?.[0] ?? name);
}

function titleOf(frame: Frame): string | undefined {
  return frame.is === 'test' ? textOf(frame.call.call.arguments[0]) : undefined;
}
