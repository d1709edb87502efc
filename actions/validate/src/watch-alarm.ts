import type { ComponentWatch } from '@runbook-actions/shared/cluster/cluster.ts'
import { containerOf } from '@runbook-actions/shared/cluster/component.ts'
import { describeSignal, reasonOf } from '@runbook-actions/shared/cluster/follow-rollout.ts'
import { hardSignals, type FirstSeen, type Patience } from '@runbook-actions/shared/cluster/hard-signal.ts'
import type { DeployedComponent } from '@runbook-actions/shared/record/schema.ts'

/** What Kubernetes says of a watched release by itself, between two looks. */
export type Alarm =
  /** It cannot run: no metric is needed to go back. */
  | { readonly kind: 'hard-signal'; readonly reason: string; readonly evidence: readonly string[] }
  /** Somebody changed it: what would be watched from now on is not this release. */
  | { readonly kind: 'changed'; readonly reason: string }

/** When each pod's trouble was first seen, by Deployment. */
export type AlarmMemory = ReadonlyMap<string, FirstSeen>

/** What Kubernetes says now, and when to look again although nothing changes. */
export interface AlarmLook {
  readonly alarm: Alarm | undefined
  readonly memory: AlarmMemory
  /** Undefined where nothing is pending. */
  readonly nextAt: Date | undefined
}

/** Looks at the deployed components for what ends a watch at once. */
export function lookForAlarm(
  deployed: readonly DeployedComponent[],
  watch: ComponentWatch,
  memory: AlarmMemory,
  patience: Patience,
  now: Date,
): AlarmLook {
  const next = new Map<string, FirstSeen>()
  const pending: Date[] = []
  let alarm: Alarm | undefined
  for (const { deployment, container, image } of deployed) {
    const state = watch.state(deployment)
    const runs = state && containerOf(state.deployment, container)?.image
    if (state === undefined || runs !== image) {
      const what =
        state === undefined ? 'was deleted' : `was changed to ${runs ?? 'a template without its container'}`
      alarm ??= { kind: 'changed', reason: `${deployment} ${what} while it was watched.` }
      continue
    }
    const { signals, seen } = hardSignals(state, memory.get(deployment) ?? new Map(), patience, now)
    next.set(deployment, seen)
    const fatal = signals.filter(({ terminalAt }) => terminalAt <= now)
    pending.push(...signals.filter(({ terminalAt }) => terminalAt > now).map(({ terminalAt }) => terminalAt))
    if (fatal.length === 0 || alarm?.kind === 'hard-signal') continue
    const reason = `${deployment}: ${reasonOf(fatal)}`
    alarm = { kind: 'hard-signal', reason, evidence: fatal.map(describeSignal) }
  }
  const nextAt =
    pending.length === 0 ? undefined : new Date(Math.min(...pending.map((time) => time.getTime())))
  return { alarm, memory: next, nextAt }
}
