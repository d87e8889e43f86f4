/** What tests, suites and hooks are told in their options, as far as a literal says it. */
import { bare, isFunction, nameOf, textOf, type Node } from './ast.ts';
import type { Frame, Frames, TestCall } from './frames.ts';

/** An option as it is written; `unknown` where the options, or whether they have it, are not. */
type Option = { readonly is: 'set'; readonly value: Node } | { readonly is: 'absent' | 'unknown' };

const ABSENT: Option = { is: 'absent' };
const UNKNOWN: Option = { is: 'unknown' };

export function optionOf({ call, callback }: TestCall, name: string): Option {
  for (const argument of call.arguments) {
    const value = bare(argument);
    if (value.type === 'ObjectExpression') {
      const property = value.properties.findLast(
        (each) => each.type === 'Property' && nameOf(each) === name,
      );
      if (property?.type === 'Property') return { is: 'set', value: property.value };
      return value.properties.some(({ type }) => type === 'SpreadElement') ? UNKNOWN : ABSENT;
    }
    const isTitle = argument === call.arguments[0] && !isFunction(value);
    const isBody = isFunction(value) || argument === call.arguments.at(-1);
    if (!isTitle && !isBody && textOf(value) === undefined && callback) return UNKNOWN;
  }
  return ABSENT;
}

/** Whether nothing ends a wait in this frame: no `timeout` on it, or on a suite or test around it. */
export function hasNoTimeout(frames: Frames, frame: Frame): boolean {
  if (frame.is === 'file') return true;
  if (frame.is === 'helper') return false;
  return (
    optionOf(frame.call, 'timeout').is === 'absent' &&
    hasNoTimeout(frames, frames.servedBy(frame.call))
  );
}

/**
 * Whether the tests within a suite or a test run at the same time: told by the closest option, which
 * those within inherit.
 */
export function runsTestsConcurrently(frames: Frames, frame: Frame): boolean {
  if (frame.is !== 'suite' && frame.is !== 'test') return false;
  const option = optionOf(frame.call, 'concurrency');
  switch (option.is) {
    case 'set': {
      const value = bare(option.value);
      return (
        value.type === 'Literal' &&
        (value.value === true || (typeof value.value === 'number' && value.value > 1))
      );
    }
    case 'absent':
      return runsTestsConcurrently(frames, frames.servedBy(frame.call));
    case 'unknown':
      return false;
  }
}
