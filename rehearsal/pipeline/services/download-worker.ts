import { setTimeout as delay } from 'node:timers/promises'
import { CircuitBreaker } from '../runtime/circuit-breaker.ts'
import { runService } from '../runtime/service.ts'
import type { DownloadResult, FileEvent } from './messages.ts'
import { fileEvent } from './messages.ts'
import { OneLake } from './onelake.ts'

/**
 * Downloads the file of each event and uploads it to OneLake. The download is played: it takes between half and one and
 * a half times the set latency.
 */
runService((settings, tools) => {
  const { pod, topics, groups, retry, breaker: limits, downloadConcurrency, downloadLatencyMs } = settings
  const { metrics } = tools
  const oneLake = new OneLake(settings.uploadLatencyMs, tools)
  const gauge = metrics.gauge('circuit_breaker_state', '0 closed, 1 half-open, 2 open.', {
    breaker: 'onelake',
  })
  const breaker = new CircuitBreaker({ ...limits, gauge })
  const downloads = (outcome: string) =>
    metrics.counter('downloads_total', 'Files, by how their download ended.', { outcome })
  const ended = { success: downloads('success'), failure: downloads('failure') }
  return {
    stage: {
      topic: topics.events,
      group: groups.download,
      schema: fileEvent,
      output: topics.results,
      deadLetters: topics.deadLetters,
      retry,
      concurrency: downloadConcurrency,
      async handle(event: FileEvent, pause) {
        await delay(downloadLatencyMs * (0.5 + Math.random()))
        await breaker.run(() => oneLake.upload(pause), pause)
        const result: DownloadResult = { ...event, downloadedAt: new Date().toISOString(), worker: pod.name }
        return { key: event.id, value: result }
      },
      ended: (outcome) => {
        ended[outcome].increment()
      },
    },
  }
})
