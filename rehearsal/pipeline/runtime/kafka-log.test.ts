import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals'
import type { LogEntry } from 'kafkajs'
import { logLevel } from 'kafkajs'
import { logKafka } from './kafka-log.ts'

describe('logKafka', () => {
  let lines: string[]
  const entry = (namespace: string, message: string, error?: string, level = logLevel.ERROR): LogEntry => ({
    namespace,
    level,
    label: '',
    log: { timestamp: '', logger: 'kafkajs', message, error },
  })

  beforeEach(() => {
    lines = []
    jest.spyOn(process.stdout, 'write').mockImplementation((line) => lines.push(String(line)) > 0)
  })

  afterEach(() => {
    jest.restoreAllMocks()
  })

  it('warns of what kafkajs does not mend by a retry', () => {
    logKafka(entry('Connection', 'Connection timeout'))
    logKafka(entry('Consumer', 'Offset out of range', 'topic gone'))
    expect(lines).toEqual([
      'WARN kafka Connection: Connection timeout\n',
      'WARN kafka Consumer: Offset out of range (topic gone)\n',
    ])
  })

  it('keeps quiet about answers that kafkajs retries, and about everything below an error', () => {
    logKafka(entry('Connection', 'Response JoinGroup(key: 11, version: 5)', 'The group is rebalancing'))
    logKafka(entry('Runner', 'The group is rebalancing, re-joining', undefined, logLevel.WARN))
    expect(lines).toEqual([])
  })
})
