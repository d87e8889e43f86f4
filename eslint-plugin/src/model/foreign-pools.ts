/**
 * Pools that another file of the project keeps, that a test of this file uses, and that nobody ends:
 * not this file, and nothing that is loaded with it.
 */
import {
  bare,
  enclosingFunction,
  isCall,
  lastNameOf,
  outer,
  outerAwaited,
  propertyOf,
  type Node,
} from './ast.ts';
import type { FileModel } from './file-model.ts';
import type { Knowledge } from './knowledge.ts';
import type { Origin } from './origins.ts';
import { answersOf } from './project/foreign-resources.ts';
import { ENDS } from './project/never-ended.ts';
import { isRelative } from './project/resolve.ts';
import type { Reading } from './reading.ts';
import type { Variable } from './variables.ts';

export interface ForeignPool {
  /** Where it is used first. */
  readonly node: Node;
  /** How this file names it: `pool`, `getPool()`. */
  readonly name: string;
  /** The function beside it that ends it. */
  readonly end: string | undefined;
}

/** A variable at the top of another file, and what it holds. */
interface Kept {
  readonly reading: Reading;
  readonly variable: Variable;
  readonly pool: Knowledge;
}

/** Asked first: the names that such an import has. */
const MAY_BE_POOL = /pool|db|database|knex|sql|prisma|kysely|drizzle/i;
const ASKS = /^(?:query|connect|transaction|execute|raw|select|selectFrom|insertInto)$/;

export function* unendedForeignPools(file: FileModel): Iterable<ForeignPool> {
  for (const variable of importsOf(file)) {
    const use = firstUse(file, variable);
    if (!use) continue;
    const [declared] = variable.identifiers;
    const origin = declared && file.originOf(declared);
    if (origin?.from !== 'module' || !isRelative(origin.module)) continue;
    const kept = isCall(use) ? keptByFunction(file, origin) : keptValue(file, origin);
    if (!kept || !keepsAlive(kept) || mayBeEndedHere(file, variable, kept)) continue;
    const enders = file.project.endersOfNeverEnded(origin, file.source.text, {
      name: variable.name,
      variable: kept.variable.name,
      releasedBy: kept.pool.releasedBy,
    });
    if (!enders) continue;
    const name = isCall(use) ? `${variable.name}()` : variable.name;
    yield { node: use, name, end: enders[0] };
  }
}

/** The variables of the file that are imported under a name of a pool's, or of what gives one. */
function importsOf({ source }: FileModel): Variable[] {
  const { globalScope } = source.scopeManager ?? {};
  if (!globalScope) return [];
  return [globalScope, ...globalScope.childScopes]
    .filter(({ block }) => block.type === 'Program')
    .flatMap(({ variables }) => variables)
    .filter(
      ({ name, defs: [definition] }) =>
        (definition?.type === 'ImportBinding' || definition?.type === 'Variable') &&
        MAY_BE_POOL.test(name) &&
        !ENDS.test(name),
    );
}

/** The first place at which a test, a suite or a hook of this file asks it, or calls for it. */
function firstUse(file: FileModel, variable: Variable): Node | undefined {
  for (const { identifier } of file.variables.references(variable)) {
    const { parent } = identifier;
    const isCalled = isCall(parent) && parent.callee === identifier;
    const isAsked =
      parent.type === 'MemberExpression' &&
      isCall(parent.parent) &&
      ASKS.test(lastNameOf(parent.parent) ?? '');
    const runs = file.frames.frameOf(identifier).is;
    if ((isCalled || isAsked) && runs !== 'file' && runs !== 'helper') {
      return isCalled ? parent : identifier;
    }
  }
  return undefined;
}

/** `if (!pool) pool = new Pool(); return pool;` */
function keptByFunction(file: FileModel, origin: Origin): Kept | undefined {
  const callee = file.project.functionOf(origin);
  if (!callee) return undefined;
  const { reading } = callee;
  const answers = new Set(answersOf(callee).map((answer) => reading.variables.of(bare(answer))));
  const [variable] = answers;
  return variable && answers.size === 1 ? kept(reading, variable) : undefined;
}

function keptValue(file: FileModel, origin: Origin): Kept | undefined {
  const found = file.project.exportOf(origin);
  const variable = found?.reading.variables.of(bare(found.node));
  return found && variable && kept(found.reading, variable);
}

function kept(reading: Reading, variable: Variable): Kept | undefined {
  const [declared] = variable.identifiers;
  if (!declared || enclosingFunction(declared)) return undefined;
  const pool = reading.acquisitions.resourceOf(declared);
  return pool?.kind === 'pool' && pool.openedBy.length === 0
    ? { reading, variable, pool }
    : undefined;
}

function keepsAlive({ reading, variable, pool }: Kept): boolean {
  const made = reading.variables.values(variable)?.map(({ expression }) => bare(expression)) ?? [];
  return (
    pool.keepsAliveOnce === undefined &&
    made.every((value) => !isCall(value) || !propertyOf(value.arguments[0], 'allowExitOnIdle'))
  );
}

/** Ended by its own method, held by somebody else, or given at the top of the file to what may see to it. */
function mayBeEndedHere(file: FileModel, variable: Variable, { pool }: Kept): boolean {
  const { variables, releases } = file;
  return variables.references(variable).some(({ identifier }) => {
    const { parent } = identifier;
    const value =
      isCall(parent) && parent.callee === identifier ? outerAwaited(parent) : identifier;
    const holder =
      value.parent?.type === 'VariableDeclarator' ? variables.of(value.parent.id) : undefined;
    const { places, custody } = holder
      ? releases.fateOf(holder, pool)
      : releases.fateAt([value], pool);
    return places.length > 0 || custody === 'gone' || isGivenAtTop(file, value);
  });
}

/** `rollbackEach(pool)`, `const app = createApp({ pool })`. */
function isGivenAtTop({ frames }: FileModel, value: Node): boolean {
  const { is } = frames.frameOf(value);
  if (is !== 'file' && is !== 'suite') return false;
  let at = outer(value);
  while (/^(?:Property|ObjectExpression|ArrayExpression)$/.test(at.parent?.type ?? '')) {
    at = at.parent ?? at;
  }
  return isCall(at.parent) && at.parent.callee !== at;
}
