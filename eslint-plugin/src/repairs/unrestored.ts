/** What is said of state that a test changed and nobody puts back for sure, and how it is mended. */
import type { Finding } from '../define-rule.ts';
import type { FileModel } from '../model/file-model.ts';
import type { Fixture } from '../model/fixtures.ts';
import { restoreRepairs } from './restoration.ts';

/** @param messageId default: how the state is put back, if at all */
export function unrestored(
  file: FileModel,
  fixture: Fixture,
  messageId: string = fixture.lifetime.release.is,
  name = fixture.name,
): Finding {
  const { lifetime, acquiredAt, releasedAt } = fixture;
  return {
    node: acquiredAt,
    messageId,
    data: { name, scope: lifetime.acquired, line: String(releasedAt?.loc.start.line ?? '') },
    suggestion: restoreRepairs(file, fixture),
  };
}
