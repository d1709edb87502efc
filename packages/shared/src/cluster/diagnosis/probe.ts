import type { ObjectEvent } from '../object-event.ts'
import { clipped, sentence, whichPods, type Finding, type Rule } from './finding.ts'
import type { ContainerView, PodView } from './pod-view.ts'

/** Before a service listens every probe is refused; that says something only when it goes on for this long. */
const listensWithinMs = 10_000
const notListening = /connection refused|connect: connection reset/u

/** A container that runs, but whose readiness or startup probe says no. */
export const probe: Rule = ({ pods }) => {
  const unready = pods.flatMap((pod) =>
    pod.containers.flatMap((container) => {
      if (container.isReady || container.running === undefined) return []
      const failure = lastFailure(pod, 'Readiness', container) ?? lastFailure(pod, 'Startup', container)
      return failure === undefined ? [] : [{ pod, failure }]
    }),
  )
  const [first] = unready
  if (first === undefined) return undefined
  const { pod, failure } = first
  const which = failure.message.startsWith('Startup') ? 'startup' : 'readiness'
  const who = whichPods(unready.map((each) => each.pod.name))
  return {
    kind: `${which}-probe`,
    sentence: sentence(`${who}: it runs but is not ready: ${told(failure)}`),
    section: 'stuck',
    cause: 'Readiness probe failing',
    pod: pod.name,
  }
}

/** A container that the kubelet ended because its liveness or startup probe failed: its exit code is the kubelet's doing. */
export function killedByProbe(who: string, pod: PodView, container: ContainerView): Finding | undefined {
  const killing = pod.events.findLast(
    ({ reason, message }) => reason === 'Killing' && message.includes(`ontainer ${container.name} failed `),
  )
  const which = /failed (liveness|startup) probe/u.exec(killing?.message ?? '')?.[1]
  if (which !== 'liveness' && which !== 'startup') return undefined
  const failure = pod.events.findLast(isFailure(which === 'liveness' ? 'Liveness' : 'Startup'))
  const why = failure === undefined ? `its ${which} probe fails` : told(failure)
  return {
    kind: `${which}-probe`,
    sentence: sentence(`${who}: the kubelet restarts its container (${container.restarts} times): ${why}`),
    section: 'crash',
    pod: pod.name,
  }
}

function lastFailure(
  pod: PodView,
  which: 'Readiness' | 'Startup',
  { running }: ContainerView,
): ObjectEvent | undefined {
  const failure = pod.events.findLast(isFailure(which))
  if (failure === undefined || !notListening.test(failure.message)) return failure
  const ranMs = Date.parse(failure.lastAt ?? '') - Date.parse(running?.startedAt ?? '')
  return ranMs >= listensWithinMs ? failure : undefined
}

function isFailure(which: 'Readiness' | 'Startup' | 'Liveness') {
  return ({ reason, message }: ObjectEvent): boolean =>
    reason === 'Unhealthy' &&
    (message.startsWith(`${which} probe failed`) || message.startsWith(`${which} probe errored`))
}

/** `its readiness probe failed 25 times, last: HTTP probe failed with statuscode: 503` */
function told({ message, count }: ObjectEvent): string {
  const [, which = '', verb = '', why = ''] = /^(\w+) probe (failed|errored)[^:]*:(.*)$/su.exec(message) ?? []
  const times = count > 1 ? ` ${count} times, last` : ''
  return `its ${which.toLowerCase()} probe ${verb}${times}: ${clipped(why === '' ? 'no reason given' : why)}`
}
