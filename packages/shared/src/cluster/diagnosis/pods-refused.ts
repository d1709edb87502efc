import { clipped, sentence, type Rule } from './finding.ts'

/** The API server does not let the controller make pods: a quota is used up, or a policy forbids them. */
export const podsRefused: Rule = ({ evidence: { component, events, signals } }) => {
  const conditions = component.deployment.status?.conditions ?? []
  const message =
    signals.find(({ kind }) => kind === 'replica-failure')?.message ??
    conditions.find(({ type, status }) => type === 'ReplicaFailure' && status === 'True')?.message ??
    events.findLast(({ reason }) => reason === 'FailedCreate')?.message
  if (message === undefined) return undefined
  const lead = 'Kubernetes refuses to make its pods'
  const quota = quotaInWords(message)
  if (quota !== undefined) {
    return {
      kind: 'quota',
      sentence: sentence(`${lead}: ${quota}`),
      section: 'stuck',
      cause: 'Resource quota exceeded',
    }
  }
  const why = message.replace(/^.*?is forbidden: /su, '')
  return { kind: 'pods-refused', sentence: sentence(`${lead}: ${clipped(why)}`), section: 'stuck' }
}

/** Which quota, and of each resource what was asked for, what is used and what there may be. */
function quotaInWords(message: string): string | undefined {
  const exceeded = /exceeded quota: (\S+), requested: (\S+), used: (\S+), limited: (\S+)/u.exec(message)
  if (exceeded !== null) {
    const [, quota = '', ...lists] = exceeded
    const [requested, used, limited] = lists.map(amounts)
    const each = [...(requested ?? [])].map(
      ([resource, asked]) =>
        `${resource}: asked ${asked}, used ${used?.get(resource) ?? '?'}, limited to ${limited?.get(resource) ?? '?'}`,
    )
    return `the quota "${clipped(quota, 100)}" is exceeded (${clipped(each.join('; '))})`
  }
  const other = /(failed|status unknown for) quota: ([^\s:,]+)[:,] (.*)$/su.exec(message)
  if (other === null) return undefined
  const [, what, name = '', why = ''] = other
  return `the quota "${clipped(name, 100)}" ${what === 'failed' ? 'says' : 'is not counted yet'}: ${clipped(why)}`
}

/** `pods=1,requests.cpu=100m` */
function amounts(list: string): Map<string, string> {
  return new Map(list.split(',').map((entry) => [entry.split('=')[0] ?? '', entry.split('=')[1] ?? '']))
}
