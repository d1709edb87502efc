import { setTimeout as delay } from 'node:timers/promises'
import { runService } from '../runtime/service.ts'
import type { DownloadResult, FileEvent } from './messages.ts'
import { fileEvent } from './messages.ts'

/** Downloads the file of each event. The download is played: it takes between half and one and a half times the set latency. */
runService(({ pod, topics, groups, downloadConcurrency, downloadLatencyMs }) => ({
  stage: {
    topic: topics.events,
    group: groups.download,
    schema: fileEvent,
    output: topics.results,
    concurrency: downloadConcurrency,
    async handle(event: FileEvent) {
      await delay(downloadLatencyMs * (0.5 + Math.random()))
      const result: DownloadResult = { ...event, downloadedAt: new Date().toISOString(), worker: pod.name }
      return { key: event.id, value: result }
    },
  },
}))
