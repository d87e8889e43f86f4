/** All rules: one file each. Generated from the files in `rules/`. */
import type { Rule } from 'eslint';
import noAsyncSqliteTransaction from './rules/no-async-sqlite-transaction.ts';
import noClientMisuse from './rules/no-client-misuse.ts';
import noConcurrentClientQueries from './rules/no-concurrent-client-queries.ts';
import noConcurrentMigrations from './rules/no-concurrent-migrations.ts';
import noCrossConnectionRead from './rules/no-cross-connection-read.ts';
import noDirtyRelease from './rules/no-dirty-release.ts';
import noFixedPort from './rules/no-fixed-port.ts';
import noForceExit from './rules/no-force-exit.ts';
import noFragileTeardown from './rules/no-fragile-teardown.ts';
import noGlobalMock from './rules/no-global-mock.ts';
import noHalfBuiltTeardown from './rules/no-half-built-teardown.ts';
import noHardcodedId from './rules/no-hardcoded-id.ts';
import noInlineTeardown from './rules/no-inline-teardown.ts';
import noLateActivity from './rules/no-late-activity.ts';
import noLateRegistration from './rules/no-late-registration.ts';
import noLateRoute from './rules/no-late-route.ts';
import noLostAsyncContext from './rules/no-lost-async-context.ts';
import noMockTimersOverIo from './rules/no-mock-timers-over-io.ts';
import noNestedBegin from './rules/no-nested-begin.ts';
import noNestedCheckout from './rules/no-nested-checkout.ts';
import noNonTransactionalDdl from './rules/no-non-transactional-ddl.ts';
import noPerTestPool from './rules/no-per-test-pool.ts';
import noPoolQueryTransaction from './rules/no-pool-query-transaction.ts';
import noSandboxedConcurrencyTest from './rules/no-sandboxed-concurrency-test.ts';
import noSchemaChurnOnLivePool from './rules/no-schema-churn-on-live-pool.ts';
import noSharedLetInConcurrentSuite from './rules/no-shared-let-in-concurrent-suite.ts';
import noSharedSqliteFile from './rules/no-shared-sqlite-file.ts';
import noSharedTruncate from './rules/no-shared-truncate.ts';
import noSplitUndici from './rules/no-split-undici.ts';
import noSwallowedSqlError from './rules/no-swallowed-sql-error.ts';
import noTestOrderDependence from './rules/no-test-order-dependence.ts';
import noUnboundedWait from './rules/no-unbounded-wait.ts';
import noUncalledTeardown from './rules/no-uncalled-teardown.ts';
import noUnclosedServer from './rules/no-unclosed-server.ts';
import noUndefinedEnvRestore from './rules/no-undefined-env-restore.ts';
import noUnresetOverride from './rules/no-unreset-override.ts';
import noUnrestoredDispatcher from './rules/no-unrestored-dispatcher.ts';
import noUnrestoredGlobal from './rules/no-unrestored-global.ts';
import noUnrestoredProcessState from './rules/no-unrestored-process-state.ts';
import noUseAfterEnd from './rules/no-use-after-end.ts';
import noZombieTest from './rules/no-zombie-test.ts';
import requireAwaitedTeardown from './rules/require-awaited-teardown.ts';
import requireClientRelease from './rules/require-client-release.ts';
import requirePoolEnd from './rules/require-pool-end.ts';
import requirePoolErrorListener from './rules/require-pool-error-listener.ts';

export const rules = {
  'no-async-sqlite-transaction': noAsyncSqliteTransaction,
  'no-client-misuse': noClientMisuse,
  'no-concurrent-client-queries': noConcurrentClientQueries,
  'no-concurrent-migrations': noConcurrentMigrations,
  'no-cross-connection-read': noCrossConnectionRead,
  'no-dirty-release': noDirtyRelease,
  'no-fixed-port': noFixedPort,
  'no-force-exit': noForceExit,
  'no-fragile-teardown': noFragileTeardown,
  'no-global-mock': noGlobalMock,
  'no-half-built-teardown': noHalfBuiltTeardown,
  'no-hardcoded-id': noHardcodedId,
  'no-inline-teardown': noInlineTeardown,
  'no-late-activity': noLateActivity,
  'no-late-registration': noLateRegistration,
  'no-late-route': noLateRoute,
  'no-lost-async-context': noLostAsyncContext,
  'no-mock-timers-over-io': noMockTimersOverIo,
  'no-nested-begin': noNestedBegin,
  'no-nested-checkout': noNestedCheckout,
  'no-non-transactional-ddl': noNonTransactionalDdl,
  'no-per-test-pool': noPerTestPool,
  'no-pool-query-transaction': noPoolQueryTransaction,
  'no-sandboxed-concurrency-test': noSandboxedConcurrencyTest,
  'no-schema-churn-on-live-pool': noSchemaChurnOnLivePool,
  'no-shared-let-in-concurrent-suite': noSharedLetInConcurrentSuite,
  'no-shared-sqlite-file': noSharedSqliteFile,
  'no-shared-truncate': noSharedTruncate,
  'no-split-undici': noSplitUndici,
  'no-swallowed-sql-error': noSwallowedSqlError,
  'no-test-order-dependence': noTestOrderDependence,
  'no-unbounded-wait': noUnboundedWait,
  'no-uncalled-teardown': noUncalledTeardown,
  'no-unclosed-server': noUnclosedServer,
  'no-undefined-env-restore': noUndefinedEnvRestore,
  'no-unreset-override': noUnresetOverride,
  'no-unrestored-dispatcher': noUnrestoredDispatcher,
  'no-unrestored-global': noUnrestoredGlobal,
  'no-unrestored-process-state': noUnrestoredProcessState,
  'no-use-after-end': noUseAfterEnd,
  'no-zombie-test': noZombieTest,
  'require-awaited-teardown': requireAwaitedTeardown,
  'require-client-release': requireClientRelease,
  'require-pool-end': requirePoolEnd,
  'require-pool-error-listener': requirePoolErrorListener,
} satisfies Record<string, Rule.RuleModule>;
