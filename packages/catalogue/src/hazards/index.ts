/** All hazards, the most harmful first. Generated from the files beside it and their ranking. */
import { noAsyncSqliteTransaction } from './no-async-sqlite-transaction.ts';
import { noClientMisuse } from './no-client-misuse.ts';
import { noConcurrentClientQueries } from './no-concurrent-client-queries.ts';
import { noConcurrentMigrations } from './no-concurrent-migrations.ts';
import { noCrossConnectionRead } from './no-cross-connection-read.ts';
import { noDirtyRelease } from './no-dirty-release.ts';
import { noFixedPort } from './no-fixed-port.ts';
import { noForceExit } from './no-force-exit.ts';
import { noFragileTeardown } from './no-fragile-teardown.ts';
import { noFrozenNow } from './no-frozen-now.ts';
import { noGlobalMock } from './no-global-mock.ts';
import { noHalfBuiltTeardown } from './no-half-built-teardown.ts';
import { noHardcodedId } from './no-hardcoded-id.ts';
import { noImportSideEffects } from './no-import-side-effects.ts';
import { noInlineTeardown } from './no-inline-teardown.ts';
import { noLateActivity } from './no-late-activity.ts';
import { noLateRegistration } from './no-late-registration.ts';
import { noLateRoute } from './no-late-route.ts';
import { noLostAsyncContext } from './no-lost-async-context.ts';
import { noMockTimersOverIo } from './no-mock-timers-over-io.ts';
import { noNestedBegin } from './no-nested-begin.ts';
import { noNestedCheckout } from './no-nested-checkout.ts';
import { noNonTransactionalDdl } from './no-non-transactional-ddl.ts';
import { noPerTestPool } from './no-per-test-pool.ts';
import { noPoolQueryTransaction } from './no-pool-query-transaction.ts';
import { noRootHookWithIsolationNone } from './no-root-hook-with-isolation-none.ts';
import { noSandboxedConcurrencyTest } from './no-sandboxed-concurrency-test.ts';
import { noSchemaChurnOnLivePool } from './no-schema-churn-on-live-pool.ts';
import { noSharedLetInConcurrentSuite } from './no-shared-let-in-concurrent-suite.ts';
import { noSharedSqliteFile } from './no-shared-sqlite-file.ts';
import { noSharedTruncate } from './no-shared-truncate.ts';
import { noSplitUndici } from './no-split-undici.ts';
import { noSwallowedSqlError } from './no-swallowed-sql-error.ts';
import { noTemplateInUse } from './no-template-in-use.ts';
import { noTestOrderDependence } from './no-test-order-dependence.ts';
import { noUnboundedWait } from './no-unbounded-wait.ts';
import { noUncalledTeardown } from './no-uncalled-teardown.ts';
import { noUnclosedServer } from './no-unclosed-server.ts';
import { noUndefinedEnvRestore } from './no-undefined-env-restore.ts';
import { noUnresetOverride } from './no-unreset-override.ts';
import { noUnrestoredDispatcher } from './no-unrestored-dispatcher.ts';
import { noUnrestoredGlobal } from './no-unrestored-global.ts';
import { noUnrestoredProcessState } from './no-unrestored-process-state.ts';
import { noUseAfterEnd } from './no-use-after-end.ts';
import { noZombieTest } from './no-zombie-test.ts';
import { requireAwaitedTeardown } from './require-awaited-teardown.ts';
import { requireClientRelease } from './require-client-release.ts';
import { requireDeferredCheck } from './require-deferred-check.ts';
import { requirePoolBudget } from './require-pool-budget.ts';
import { requirePoolEnd } from './require-pool-end.ts';
import { requirePoolErrorListener } from './require-pool-error-listener.ts';

export const HAZARDS = [
  requireClientRelease,
  noInlineTeardown,
  noSharedTruncate,
  noConcurrentMigrations,
  noPerTestPool,
  requirePoolBudget,
  requireAwaitedTeardown,
  noLateActivity,
  noSwallowedSqlError,
  noDirtyRelease,
  noCrossConnectionRead,
  requirePoolEnd,
  noNestedCheckout,
  noUnboundedWait,
  noPoolQueryTransaction,
  noSplitUndici,
  noUnrestoredDispatcher,
  noUseAfterEnd,
  noFragileTeardown,
  noLateRegistration,
  noSharedLetInConcurrentSuite,
  requirePoolErrorListener,
  noImportSideEffects,
  noConcurrentClientQueries,
  noUnrestoredProcessState,
  noUndefinedEnvRestore,
  noUnrestoredGlobal,
  noFixedPort,
  noSharedSqliteFile,
  noHalfBuiltTeardown,
  noUnclosedServer,
  noTestOrderDependence,
  noZombieTest,
  noForceExit,
  noGlobalMock,
  noLostAsyncContext,
  noMockTimersOverIo,
  noNestedBegin,
  noRootHookWithIsolationNone,
  noSandboxedConcurrencyTest,
  requireDeferredCheck,
  noHardcodedId,
  noFrozenNow,
  noAsyncSqliteTransaction,
  noSchemaChurnOnLivePool,
  noLateRoute,
  noUnresetOverride,
  noNonTransactionalDdl,
  noTemplateInUse,
  noClientMisuse,
  noUncalledTeardown,
] as const;
