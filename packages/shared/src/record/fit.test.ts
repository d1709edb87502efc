import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { UserError } from '../errors.ts'
import { fitRecord } from './fit.ts'
import type { GateResult } from './gate-result.ts'
import { recordOf } from './record.fixture.ts'
import { recordSchema, type DeploymentRecord } from './schema.ts'
import { writeRecord } from './text.ts'

const at = '2026-11-23T10:00:00.000Z'

function gate(evidence: readonly string[]): GateResult {
  return {
    gate: 'startup-logs',
    question: 'Review startup logs for errors',
    verdict: 'pass',
    answer: 'No pod logs an error.',
    evidence: [...evidence],
    at,
    tookMs: 1,
  }
}

function recordWith(...evidence: readonly (readonly string[])[]): DeploymentRecord {
  const phases = evidence.map((lines) => ({
    phase: 'validate' as const,
    outcome: 'passed' as const,
    reason: 'v1.1.0 is validated in production.',
    startedAt: at,
    endedAt: at,
    gates: [gate(lines)],
  }))
  const template = { spec: { containers: [{ name: 'worker', image: 'registry.local/worker:v1.0.0' }] } }
  const snapshot = {
    at,
    deployments: [{ deployment: 'worker', uid: 'u', replicas: 2, annotations: {}, template, digests: {} }],
    configMaps: [],
    secrets: [],
  }
  return recordOf({ phases, snapshot })
}

const bytesOf = (record: DeploymentRecord): number => Buffer.byteLength(writeRecord(record))
const lines = (count: number): string[] => Array.from({ length: count }, (_, n) => `line ${n} ü`)
const withoutEvidence = (record: DeploymentRecord): DeploymentRecord => ({
  ...record,
  phases: record.phases.map((phase) => ({
    ...phase,
    gates: phase.gates.map((each) => ({ ...each, evidence: [] })),
  })),
})

describe('a record that has to fit', () => {
  it('is left alone where it fits', () => {
    const record = recordWith(lines(1000))
    expect(fitRecord(record, bytesOf(record))).toBe(record)
  })

  it('gives up evidence, says how much, and keeps the first lines', () => {
    const record = recordWith(lines(1000), lines(2))
    const fitted = fitRecord(record, bytesOf(record) - 1)
    expect(fitted.phases[0]?.gates[0]?.evidence.slice(48)).toEqual([
      'line 48 ü',
      'line 49 ü',
      '950 of 1000 lines are left out here: the record was too large.',
    ])
    expect(fitted.phases[1]).toEqual(record.phases[1])
  })

  it('never exceeds the limit in bytes, stays a record, and loses nothing but evidence', () => {
    const texts = fc.array(fc.string({ unit: 'grapheme', maxLength: 200 }), { maxLength: 80 })
    fc.assert(
      fc.property(
        fc.array(texts, { maxLength: 5 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (all, share) => {
          const record = recordWith(...all)
          // Room for what must stay and for one note an answer, up to the whole.
          const least = bytesOf(withoutEvidence(record)) + all.length * 100
          const limit = Math.round(least + share * Math.max(0, bytesOf(record) - least))
          const fitted = fitRecord(record, limit)
          expect(bytesOf(fitted)).toBeLessThanOrEqual(limit)
          expect(recordSchema.parse(fitted)).toEqual(fitted)
          expect(withoutEvidence(fitted)).toEqual(withoutEvidence(record))
        },
      ),
    )
  })

  it('gives up the offsets of partitions last, and says so', () => {
    const topics = { events: Array.from({ length: 3_000 }, (_, n): [number, number] => [n, n * 1_000]) }
    const group = { group: 'workers', deployments: ['worker'], at, topics }
    const rows = topics.events.map(([n, to]): [number, number, number] => [n, to - 1, to])
    const moved = { group: 'workers', deployments: ['worker'], from: at, until: at, topics: { events: rows } }
    const source = 'kafka at b-1:9092'
    const record = {
      ...recordWith(lines(10)),
      offsets: { source, groups: [group], notRead: [] },
      rollback: {
        target: 'v1.0.0',
        reason: 'critical bug',
        run: recordOf().run,
        at,
        receipt: { source, groups: [moved], notKnown: [] },
      },
    }
    expect(fitRecord(record, bytesOf(withoutEvidence(record)) + 100)).toMatchObject({
      offsets: record.offsets,
    })
    const fitted = fitRecord(record, 10_000)
    expect(recordSchema.parse(fitted)).toEqual(fitted)
    const why = 'its partitions are left out here: the record was too large.'
    expect(fitted.offsets).toEqual({ source, groups: [], notRead: [{ group: 'workers', why }] })
    expect(fitted.rollback?.receipt).toEqual({ source, groups: [], notKnown: [`workers: ${why}`] })
  })

  it('is refused where the decisions alone are too large, with the size and what to do', () => {
    const record = recordWith(lines(1000))
    const refused = (): unknown => fitRecord(record, bytesOf(withoutEvidence(record)) - 1)
    expect(refused).toThrow(UserError)
    expect(refused).toThrow(/too large to be kept: 0\.00 MiB without any evidence/)
  })
})
