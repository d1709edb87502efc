import type { ObjectEvent } from '../object-event.ts'
import { clipped, type Scene } from './finding.ts'
import type { ContainerView, PodView } from './pod-view.ts'

const maxLines = 80
/** Of all lines together: the record with its diagnosis must stay small enough for a ConfigMap. */
const maxCharacters = 12_000
const maxSignals = 5
const eventsOfEach = 6
const logLinesOfEach = 15

/**
 * What shows a diagnosis, a line each: Kubernetes' own words, the pods, events, what could not be read, the ends of the
 * logs. Of too many the last are left out, and a line says so.
 */
export function evidenceLines({ evidence, pods }: Scene): string[] {
  const { signals, events, missing } = evidence
  return withinBounds([
    ...signals.slice(0, maxSignals).map(({ pod, container, kind, message }) => {
      const where = [pod, container].filter((part) => part !== undefined).join('/')
      return `${where === '' ? 'Deployment' : where}: ${kind}: ${message}`
    }),
    ...pods.flatMap(({ containers }) => containers.map(stateOf)),
    ...pods.flatMap((pod) => eventsOf(pod.name, pod.events)),
    ...eventsOf(
      'Deployment',
      events.filter(({ isWarning }) => isWarning),
    ),
    ...missing,
    ...logsOf(pods),
  ])
}

/** `download-worker-x/download-worker: waiting (CrashLoopBackOff), last exit code 1 (Error), 2 restarts` */
function stateOf({ pod, name, waiting, running, ended, isReady, restarts }: ContainerView): string {
  const now =
    waiting !== undefined
      ? `waiting (${waiting.reason})`
      : running !== undefined
        ? `running, ${isReady ? 'ready' : 'not ready'}`
        : 'ended'
  const end = ended === undefined ? '' : `, last exit code ${ended.exitCode ?? 'unknown'} (${ended.reason})`
  return `${pod}/${name}: ${now}${end}, ${restarts} restarts`
}

function eventsOf(object: string, events: readonly ObjectEvent[]): string[] {
  return events
    .slice(-eventsOfEach)
    .map(
      ({ reason, message, count }) =>
        `${object}: ${reason}${count > 1 ? ` (${count} times)` : ''}: ${message}`,
    )
}

/** A crashed run may be read under both names, before and after the next one starts: it is shown once. */
function logsOf(pods: readonly PodView[]): string[] {
  const runs = pods.flatMap(({ containers }) =>
    containers.flatMap(({ pod, name, logs }) => {
      const shown = new Set<string>()
      return logs.flatMap(({ previous, lines }) => {
        const text = lines.join('\n')
        if (shown.has(text)) return []
        shown.add(text)
        return [{ lines, where: `${pod}/${name}${previous ? ', the run before' : ''}` }]
      })
    }),
  )
  return runs.flatMap(({ where, lines }) => lines.slice(-logLinesOfEach).map((line) => `${where} | ${line}`))
}

function withinBounds(lines: readonly string[]): string[] {
  const kept: string[] = []
  let characters = 0
  for (const line of lines.map((each) => clipped(each, 500))) {
    characters += line.length
    if (kept.length >= maxLines || characters > maxCharacters) {
      return [...kept, `… ${lines.length - kept.length} more lines left out`]
    }
    kept.push(line)
  }
  return kept
}
