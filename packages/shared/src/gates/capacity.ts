import { componentChange, type ComponentChange } from '../cluster/capacity/pod-change.ts'
import { placesFor, type NodeRoom } from '../cluster/capacity/node-room.ts'
import { formatQuantity } from '../cluster/capacity/quantity.ts'
import { leftOfQuotas, resourceIn, unnamedForQuotas, type ResourceQuota } from '../cluster/capacity/quota.ts'
import { runsAlready } from '../cluster/what-runs.ts'
import { playRollout, type Amounts, type RolloutPlay } from '../decide/capacity.ts'
import { worst, type Verdict } from '../decide/verdict.ts'
import type { Answer, Gate, Mode } from './gate.ts'

/** A rollout without room for one more pod gets stuck half-way; before the first write it costs nothing to know. */
export const capacity: Gate<'cluster'> = {
  name: 'capacity',
  question: 'Capacity planning: resource requirements validated',
  occasions: ['preflight', 're-check'],
  mode: (runbook) => runbook.gates.capacity.mode,
  query: ({ cluster, runbook }) =>
    `kubectl describe resourcequota,limitrange -n ${cluster.namespace}${runbook.gates.capacity.nodes === 'off' ? '' : '; kubectl describe nodes'}`,
  async measure({ record, runbook, cluster, manifests }, signal) {
    const { nodes: nodesMode } = runbook.gates.capacity
    const [states, limits, rooms] = await Promise.all([
      cluster.components(
        record.plan.map(({ deployment }) => deployment),
        signal,
      ),
      cluster.limits(signal),
      nodesMode === 'off' ? undefined : cluster.nodeRooms(signal),
    ])
    const changes = record.plan.flatMap((component) => {
      const state = states.get(component.deployment)
      if (state === undefined || runsAlready(component, state)) return []
      return [componentChange(component, state, limits, manifests?.get(component.deployment))]
    })
    if (changes.every(({ pods }) => pods.replicas === 0))
      return { verdict: 'skipped', answer: 'The rollout adds no pod.' }
    const findings = [
      ...changes.flatMap(pausedFinding),
      ...quotaFindings(changes, limits.quotas),
      ...(rooms === undefined ? [] : changes.flatMap((change) => nodeFinding(change, rooms, nodesMode))),
    ]
    return answerOf(findings, changes, {
      namespace: cluster.namespace,
      quotas: new Set(changes.flatMap(({ quota }) => [...quota.after.keys()])).size,
      nodes: rooms?.length,
    })
  },
}

interface Finding {
  readonly verdict: Verdict
  readonly sentence: string
}

function answerOf(
  findings: readonly Finding[],
  changes: readonly ComponentChange[],
  looked: { readonly namespace: string; readonly quotas: number; readonly nodes: number | undefined },
): Answer {
  const { namespace, quotas, nodes } = looked
  const evidence = changes.map(describeChange)
  const unseen = nodes === undefined ? ' Whether the nodes have room was not looked at.' : ''
  if (findings.length > 0) {
    const verdict = worst(findings.map((finding) => finding.verdict))
    return { verdict, answer: `${findings.map(({ sentence }) => sentence).join(' ')}${unseen}`, evidence }
  }
  if (quotas > 0) {
    const where = nodes === undefined ? 'The quotas have' : `The quotas and ${nodes} nodes have`
    return { verdict: 'pass', answer: `${where} room for the pods that the rollout adds.${unseen}`, evidence }
  }
  const noQuota = `No quota limits the pods of ${namespace}`
  return nodes === undefined
    ? { verdict: 'skipped', answer: `${noQuota}.${unseen}`, evidence }
    : {
        verdict: 'pass',
        answer: `${noQuota}, and ${nodes} nodes have room for those that the rollout adds.`,
        evidence,
      }
}

function describeChange({ deployment, pods, needs }: ComponentChange): string {
  const { replicas, surge, rolling } = pods
  const how = rolling ? `up to ${surge} more at a time` : 'all at once, after the old ones'
  return `${deployment}: ${replicas} pods, ${how}; each asks for ${describeAmounts(needs.requests)}`
}

function describeAmounts(amounts: Amounts): string {
  const each = [...amounts].map(([name, amount]) => `${name} ${formatQuantity(amount, name)}`)
  return each.length === 0 ? 'nothing by name' : each.join(', ')
}

function pausedFinding({ deployment, isPaused }: ComponentChange): Finding[] {
  if (!isPaused) return []
  const sentence = `${deployment} is paused: no pod of it would be replaced. Resume it ("kubectl rollout resume deployment/${deployment}").`
  return [{ verdict: 'fail', sentence }]
}

/** One component after the other, as they are rolled: what one keeps, the next does not have. */
function quotaFindings(changes: readonly ComponentChange[], quotas: readonly ResourceQuota[]): Finding[] {
  const names = new Set(changes.flatMap(({ quota }) => [...quota.after.keys()]))
  let left = leftOfQuotas(quotas, names)
  if (typeof left === 'string') {
    const sentence = `The quota "${left}" has not been counted yet, and until then every pod is refused. Ask again in a moment.`
    return [{ verdict: 'inconclusive', sentence }]
  }
  const findings: Finding[] = []
  for (const { deployment, spec, needs, pods, quota } of changes) {
    const unnamed = unnamedForQuotas(quotas, spec, needs)
    if (unnamed.length > 0) {
      const sentence = `${deployment}: its new pods would be refused, because containers name no amount (${unnamed.join('; ')}). Name one, or give the namespace defaults by a LimitRange.`
      findings.push({ verdict: 'fail', sentence })
    }
    const change = { ...pods, ...quota }
    const play = playRollout(left, change)
    const finding = roomFinding(deployment, change, play, (limit) => {
      const [takes, rest] = [quota.after, left as Amounts].map((of) =>
        formatQuantity(of.get(limit) ?? 0n, resourceIn(limit)),
      )
      return `${limit}: one pod takes ${takes ?? ''}, ${rest ?? ''} left`
    })
    if (finding !== undefined) findings.push(finding)
    left = play.left
  }
  return findings
}

const places = 'places'

function nodeFinding(change: ComponentChange, rooms: readonly NodeRoom[], mode: Mode): Finding[] {
  const { deployment, pods, spec, needs } = change
  const free = placesFor(rooms, spec, needs)
  const one = new Map([[places, 1n]])
  // A pod that goes leaves its place to one of its kind.
  const counted = { ...pods, before: one, after: one }
  const found = roomFinding(
    deployment,
    counted,
    playRollout(new Map([[places, BigInt(free)]]), counted),
    () =>
      `${rooms.length} nodes have room for ${free} more pods that ask for ${describeAmounts(needs.requests)}`,
  )
  if (found === undefined) return []
  return mode === 'warn' && found.verdict === 'fail'
    ? [
        {
          verdict: 'warn',
          sentence: `${found.sentence} It goes on only if a cluster autoscaler adds a node.`,
        },
      ]
    : [found]
}

/** What it means for a rollout that there was too little; undefined where there was enough. */
function roomFinding(
  deployment: string,
  { replicas, surge, unavailable, rolling }: Parameters<typeof playRollout>[1],
  { started, lacking, beside }: RolloutPlay,
  describe: (limit: string) => string,
): Finding | undefined {
  if (lacking.length === 0) return undefined
  const short = lacking.map(describe).join('; ')
  if (started === replicas) {
    const sentence =
      beside === 0
        ? `${deployment}: old pods must go before new ones come (${short}).`
        : `${deployment}: only ${beside} of ${surge} more pods fit at a time (${short}), so it takes longer.`
    return { verdict: 'warn', sentence }
  }
  if (started > 0)
    return {
      verdict: 'fail',
      sentence: `${deployment}: only ${started} of ${replicas} new pods would come up (${short}).`,
    }
  const order =
    !rolling || unavailable > 0 ? 'also when old pods go first' : 'and its strategy lets no old pod go first'
  const sentence = `${deployment}: not one pod can be replaced (${short}), ${order}. Make room, or let "maxUnavailable" be 1.`
  return { verdict: 'fail', sentence }
}
