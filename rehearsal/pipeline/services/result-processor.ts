import { setTimeout as delay } from 'node:timers/promises'
import { runService } from '../runtime/service.ts'
import { downloadResult } from './messages.ts'

const writeLatencyMs = 3

/** Takes in the results, the end of the pipeline. The write to a table that a real one does is played by its latency. */
runService(({ topics, groups, retry }) => ({
  stage: {
    topic: topics.results,
    group: groups.result,
    schema: downloadResult,
    deadLetters: topics.deadLetters,
    retry,
    async handle() {
      await delay(writeLatencyMs)
      return undefined
    },
  },
}))
