import { describe, expect, it } from '@jest/globals'
import { TEN_LINES } from '../runbook/example.ts'
import { loadRunbook } from '../runbook/load.ts'
import { gatesFor, registry } from './registry.ts'

describe('the registry', () => {
  it('has each gate once', () => {
    const names = registry.map(({ name }) => name)
    expect(new Set(names).size).toBe(names.length)
  })

  it('lets a hotfix ship where production is ill, and asks it everything else', () => {
    const runbook = loadRunbook(TEN_LINES, { file: 'runbook.yaml' })
    const recorded = gatesFor('preflight', runbook).filter((gate) => gate.isRecordedOnlyForHotfix === true)
    expect(recorded.map(({ name }) => name)).toEqual([
      'production-healthy',
      'consumer-lag',
      'error-rate',
      'latency-p95',
      'no-active-incident',
      'download-success',
      'upload-latency',
      'retry-rate',
      'dlq-rate',
    ])
  })
})
