import type { Contender, LockPurpose } from '../decide/lock.ts'
import type { DeploymentRecord, Run } from './schema.ts'

/** Who asks for the lock on behalf of a record: `run` is the one that works now, which need not have opened it. */
export function contenderOf(
  { version, openedAt }: Pick<DeploymentRecord, 'version' | 'openedAt'>,
  { id: run, attempt, url, actor }: Run,
  purpose: LockPurpose = 'deployment',
): Contender {
  return { run, attempt, url, actor, version, purpose, openedAt: new Date(openedAt) }
}
