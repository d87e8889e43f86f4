/** What is known of the options a pool was made with? */
import { bare, isCall, propertyOf, textOf, type Call, type Node } from './ast.ts';
import type { FileModel } from './file-model.ts';
import { isOfEnvironment } from './origins.ts';

const LIMITS = ['max', 'connectionLimit', 'connection_limit'];

/**
 * Whether a pool may have several connections: every call that makes it is seen, and none is given
 * `max: 1` or options that the file does not show.
 */
export function hasSeveralConnections(file: FileModel, pool: Node): boolean {
  const variable = file.variables.of(bare(pool));
  const made = (variable && file.variables.values(variable)) ?? [];
  return (
    made.length > 0 &&
    made.every(({ expression, path }) => {
      const call = bare(expression);
      return path.length === 0 && isCall(call) && isMadeOpenly(file, call);
    })
  );
}

/** By an export of a package, and with options that can be read. */
function isMadeOpenly(file: FileModel, call: Call): boolean {
  const origin = file.originOf(call.callee);
  if (origin?.from !== 'module' || /^[.#~]/.test(origin.module)) return false;
  return call.arguments.every((argument) => isReadable(file, argument));
}

function isReadable(file: FileModel, node: Node): boolean {
  const value = bare(node);
  if (textOf(value) !== undefined || value.type === 'TemplateLiteral') return true;
  if (isOfEnvironment(file.originOf(value))) return true;
  const constant = file.variables.constantOf(value);
  if (constant) return isReadable(file, constant);
  if (value.type !== 'ObjectExpression') return false;
  const isWhole = value.properties.every((property) => property.type === 'Property');
  const pool = propertyOf(value, 'pool')?.value;
  return isWhole && !isLimited(value) && !(pool && isLimited(bare(pool)));
}

/** To one connection, or to a number that is not written here. */
function isLimited(options: Node): boolean {
  return LIMITS.some((name) => {
    const limit = propertyOf(options, name)?.value;
    return limit !== undefined && !(limit.type === 'Literal' && Number(limit.value) > 1);
  });
}
