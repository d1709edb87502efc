import type { Clock, Logger } from '../ports.ts'
import type { ComponentWatch } from './cluster.ts'
import {
  describePod,
  isReady,
  nameOf,
  restartsOf,
  revisionOf,
  splitPods,
  type ComponentState,
} from './component.ts'
import { hardSignals, type FirstSeen, type HardSignal, type Patience } from './hard-signal.ts'
import { isObserved, rolloutProgress } from './rollout-progress.ts'

/** How a rollout is followed; all of it from the runbook file. */
export interface RolloutLimits extends Patience {
  /** Ours, beside the Deployment's own: scaling never arms that one. */
  readonly deadlineMs: number
  /** How long the finished state must hold without a restart before it counts. */
  readonly settleMs: number
}

/** Before the controller has looked, what seems to be the current template is the one before. */
const nothingSeen = { signals: [], seen: new Map() } satisfies ReturnType<typeof hardSignals>

/** How following a rollout ended. */
export interface RolloutEnd {
  readonly outcome: 'complete' | 'failed'
  /** One sentence. */
  readonly reason: string
  /** What shows it: pods, Kubernetes' words. */
  readonly evidence: readonly string[]
  /** Kubernetes' own signs of trouble, those that ended it first. */
  readonly signals: readonly HardSignal[]
  readonly revision: string | undefined
  /** Fewest pods Ready at the same time, old and new, while it rolled: the runbook's "Downtime: none". */
  readonly fewestReady: number
}

/** What is followed, from where on, and with what. */
export interface FollowOptions {
  /** When the change was written. */
  readonly since: Date
  /** `metadata.generation` that the change has: what is seen of an older one is of before. */
  readonly generation: number
  /** Replicas that it is held at, where it is: fewer are not the end. */
  readonly least?: number | undefined
  readonly limits: RolloutLimits
  readonly clock: Clock
  readonly log: Logger
  readonly signal: AbortSignal
}

/**
 * Follows one Deployment until its rollout is complete and has settled, or cannot succeed. Looks whenever something
 * changes and at the moments at which a patience or a deadline ends; it never polls.
 *
 * @throws the signal's reason when cancelled
 */
export async function followRollout(
  watch: ComponentWatch,
  deployment: string,
  { since, generation, least, limits, clock, log, signal }: FollowOptions,
): Promise<RolloutEnd> {
  const deadline = new Date(since.getTime() + limits.deadlineMs)
  let seen: FirstSeen = new Map()
  let said = ''
  let fewestReady = Number.POSITIVE_INFINITY
  let settling: { since: Date; restarts: number } | undefined

  for (;;) {
    signal.throwIfAborted()
    const now = clock.now()
    const component = watch.state(deployment)
    if (component === undefined) {
      return end('failed', `Deployment "${deployment}" was deleted while it was rolled out.`, [])
    }
    fewestReady = Math.min(fewestReady, component.pods.filter(isReady).length)
    const progress = rolloutProgress(component, since, { generation, least })
    if (progress.message !== said) log.info((said = progress.message))

    const look = isObserved(component, generation) ? hardSignals(component, seen, limits, now) : nothingSeen
    seen = look.seen
    const fatal = look.signals.filter((entry) => entry.terminalAt <= now)
    if (fatal.length > 0) {
      const signals = [...fatal, ...look.signals.filter((entry) => !fatal.includes(entry))]
      return end('failed', reasonOf(fatal), signals, component)
    }
    if (progress.state === 'deadline-exceeded' || now >= deadline) {
      const reason =
        progress.state === 'deadline-exceeded'
          ? `${progress.message} of ${component.deployment.spec?.progressDeadlineSeconds ?? 600} s.`
          : `The rollout did not finish within ${limits.deadlineMs / 1000} s: ${progress.message}`
      return end('failed', reason, look.signals, component)
    }

    const restarts = splitPods(component).current.reduce((sum, pod) => sum + restartsOf(pod), 0)
    if (progress.state !== 'complete') settling = undefined
    else if (settling?.restarts !== restarts) settling = { since: now, restarts }
    else if (now.getTime() - settling.since.getTime() >= limits.settleMs) {
      return end('complete', progress.message, [], component)
    }

    const settled = settling === undefined ? [] : [new Date(settling.since.getTime() + limits.settleMs)]
    await watch.next(
      earliest([deadline, ...settled, ...look.signals.map((entry) => entry.terminalAt)]),
      signal,
    )
  }

  function end(
    outcome: RolloutEnd['outcome'],
    reason: string,
    signals: readonly HardSignal[],
    component?: ComponentState,
  ): RolloutEnd {
    const revision = component === undefined ? undefined : revisionOf(component.deployment)
    return {
      outcome,
      reason,
      evidence: [...signals.map(describeSignal), ...(component === undefined ? [] : podLines(component))],
      signals,
      revision,
      fewestReady: Number.isFinite(fewestReady) ? fewestReady : 0,
    }
  }
}

function earliest(times: readonly Date[]): Date {
  return new Date(Math.min(...times.map((time) => time.getTime())))
}

const inWords: Readonly<Record<HardSignal['kind'], string>> = {
  'image-pull': 'its image cannot be pulled',
  'invalid-image': 'its image reference is not valid on the node',
  'container-config': 'its container cannot be configured',
  'crash-loop': 'its container crashes at every start',
  unschedulable: 'no node has room for it',
  'replica-failure': 'Kubernetes refuses to make its pods',
}

/** One sentence for the reader who has to decide: what, how many pods, Kubernetes' words. */
export function reasonOf(signals: readonly HardSignal[]): string {
  const [first] = signals
  if (first === undefined) return ''
  const pods = new Set(signals.filter((entry) => entry.kind === first.kind).map((entry) => entry.pod)).size
  const who =
    first.pod === undefined
      ? 'The Deployment'
      : pods === 1
        ? `Pod ${first.pod}`
        : `${pods} pods, ${first.pod} first`
  return `${who}: ${inWords[first.kind]}: ${first.message}`
}

/** What Kubernetes says, on one line. */
export function describeSignal(signal: HardSignal): string {
  const where = [signal.pod, signal.container].filter((part) => part !== undefined).join('/')
  return `${where === '' ? 'Deployment' : where}: ${signal.kind}: ${signal.message}`
}

function podLines(component: ComponentState): string[] {
  return [...component.pods].sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1)).map(describePod)
}
