import { randomUUID } from 'node:crypto'
import { runService } from '../runtime/service.ts'
import type { Announcement, FileEvent } from './messages.ts'
import { announcement } from './messages.ts'
import { announceFiles } from './source-system.ts'

/** Turns what the source system announces into events, one per file to download. */
runService(({ topics, groups, retry, eventsPerSecond }) => ({
  stage: {
    topic: topics.files,
    group: groups.ingest,
    schema: announcement,
    output: topics.events,
    deadLetters: topics.deadLetters,
    retry,
    handle(announced: Announcement) {
      const event: FileEvent = { ...announced, id: randomUUID(), receivedAt: new Date().toISOString() }
      return Promise.resolve({ key: event.id, value: event })
    },
  },
  background: (producer, signal) => announceFiles(producer, topics.files, eventsPerSecond, signal),
}))
