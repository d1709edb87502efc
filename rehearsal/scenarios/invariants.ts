import { jobToken } from '../world/deploy.ts'
import { auditEntries } from './audit.ts'
import type { Deployed, Stage } from './scenario.ts'

/** How the Job by which lag is read, and its program, are called: the account that looks before the approval makes them. */
export const lagJobPrefix = 'runbook-lag-'

/** What must hold however a deployment ends. */
export async function checkInvariants(
  { world, checks, timeline }: Stage,
  { result }: Pick<Deployed, 'result'>,
): Promise<void> {
  await checks.that('every request to GitHub is as GitHub publishes it', () => {
    const { violations } = world.github
    return { ok: violations.length === 0, found: violations.join('; ') }
  })
  await checks.that('no secret stands in what was printed', () => {
    const summaries = result.jobs.flatMap((job) => job.summaries).join('\n')
    const tickets = world.github.state.issues.list().map(({ body }) => body ?? '')
    const printed = [result.log, summaries, ...tickets].join('\n')
    const secrets = [
      jobToken,
      ...Object.values(world.secrets).map(
        (text) => /(?:"token":"|^REHEARSAL_TOKEN=)([^"]+)/.exec(text)?.[1] ?? '',
      ),
    ]
    const found = secrets.filter((secret) => secret !== '' && printed.includes(secret))
    return {
      ok: found.length === 0 && secrets.every((secret) => secret !== ''),
      found: `${found.length} of ${secrets.length} secrets`,
    }
  })
  const { auditLog } = world.cluster
  if (auditLog === undefined) {
    timeline.add(
      'not looked at: the API server’s audit log, because this cluster is not of the rehearsal’s making',
    )
    return
  }
  await checks.that('the documented Roles suffice, and reading never wrote', async () => {
    const entries = await auditEntries(auditLog)
    const forbidden = entries.filter(({ code }) => code === 403)
    const wrote = entries.filter(
      ({ account, isRead, name = '' }) =>
        account === 'runbook-reader' && !isRead && !name.startsWith(lagJobPrefix),
    )
    const list = [...forbidden, ...wrote].map(
      ({ account, verb, resource, code }) => `${account} ${verb} ${resource} ${code}`,
    )
    return {
      ok: entries.length > 0 && list.length === 0,
      found: `${entries.length} requests${list.length > 0 ? `; ${list.join(', ')}` : ''}`,
    }
  })
}
