import { crashCause, lastWords, type CrashCause } from './crash-cause.ts'
import { clipped, sentence, whichPods, type Finding, type Rule } from './finding.ts'
import type { ContainerView, PodView } from './pod-view.ts'
import { killedByProbe } from './probe.ts'
import type { CommonCause } from './runbook-sections.ts'

/** The longest line of a log that a pattern is tried on; an error says it at the beginning. */
const maxLine = 2_000

/** A container that starts and ends, again and again. */
export const crash: Rule = ({ pods }) => {
  const down = pods.flatMap((pod) => pod.containers.filter(isDown).map((container) => ({ pod, container })))
  const [first] = down.toSorted((a, b) => b.container.restarts - a.container.restarts)
  if (first === undefined) return undefined
  const { pod, container } = first
  const who = whichPods(down.map((each) => each.pod.name))
  return killedByProbe(who, pod, container) ?? crashed(who, pod, container)
}

function isDown({ isReady, waiting, ended }: ContainerView): boolean {
  return (
    waiting?.reason === 'CrashLoopBackOff' ||
    waiting?.reason === 'RunContainerError' ||
    (!isReady && ended !== undefined)
  )
}

function crashed(who: string, pod: PodView, container: ContainerView): Finding {
  const lines = logLines(container)
  const cause = crashCause(lines)
  const quoted = cause?.line ?? lastWords(lines)
  const { kind, why, common } = explained(container, cause)
  const said = quoted === undefined ? withoutLog(container) : `; its log says: "${clipped(quoted)}"`
  return {
    kind,
    sentence: sentence(`${who}: its container crashes at every start: ${why} (${endOf(container)})${said}`),
    section: 'crash',
    pod: pod.name,
    ...(common !== undefined && { cause: common }),
  }
}

function explained(
  { ended, memoryLimit }: ContainerView,
  cause: CrashCause | undefined,
): { kind: Finding['kind']; why: string; common?: CommonCause } {
  const limit = memoryLimit === '' ? '' : `, its limit is ${clipped(memoryLimit, 40)}`
  if (ended?.reason === 'OOMKilled' || cause?.kind === 'out-of-memory') {
    return { kind: 'out-of-memory', why: `it runs out of memory${limit}`, common: 'Out of memory' }
  }
  switch (cause?.kind) {
    case 'missing-environment-variable':
      return {
        kind: cause.kind,
        why: `the environment variable ${clipped(cause.variable ?? '', 100)} is missing`,
        common: 'Missing environment variables',
      }
    case 'database-connection':
      return {
        kind: cause.kind,
        why: 'it cannot connect to its database',
        common: 'Database connection failures',
      }
    case 'configuration-error':
      return { kind: cause.kind, why: 'its configuration is wrong', common: 'Configuration errors' }
    case undefined:
      return {
        kind: 'crash',
        why:
          ended?.exitCode === 0
            ? 'it ends although it should keep running'
            : 'it does not say why in words we know',
      }
  }
}

/** Newest last; where the newest run has said nothing yet, only the run before speaks. */
function logLines({ logs }: ContainerView): string[] {
  return logs
    .toSorted((a, b) => Number(b.previous) - Number(a.previous))
    .flatMap(({ lines }) => lines.map((line) => line.slice(0, maxLine)))
}

function endOf({ ended, restarts, waiting }: ContainerView): string {
  const code = ended?.exitCode === undefined ? undefined : `exit code ${ended.exitCode}`
  const reason = ended?.reason ?? waiting?.reason ?? ''
  const telling =
    reason === '' || reason === 'Error' || reason === 'CrashLoopBackOff' ? undefined : clipped(reason, 60)
  return [code, telling, `restarted ${restarts} times`].filter((part) => part !== undefined).join(', ')
}

/** A container that could not even start has its reason in its status, in the container runtime's words. */
function withoutLog({ ended, waiting }: ContainerView): string {
  const message = [ended?.message, waiting?.message].find(
    (each) => each !== undefined && each !== '' && !each.startsWith('back-off '),
  )
  return message === undefined ? '; its log is empty' : `: ${clipped(message)}`
}
