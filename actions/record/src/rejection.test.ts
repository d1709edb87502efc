import { describe, expect, it } from '@jest/globals'
import { keepTicket } from '@runbook-actions/shared/action/keep-ticket.ts'
import { UserError } from '@runbook-actions/shared/errors.ts'
import { FakeForge } from '@runbook-actions/shared/github/forge.fixture.ts'
import type { RunApproval } from '@runbook-actions/shared/github/forge.ts'
import { silent } from '@runbook-actions/shared/ports.ts'
import { appendPhase } from '@runbook-actions/shared/record/append.ts'
import { recordOf } from '@runbook-actions/shared/record/record.fixture.ts'
import type { PhaseName } from '@runbook-actions/shared/record/schema.ts'
import { loadRunbook } from '@runbook-actions/shared/runbook/load.ts'
import { toldRejection } from './rejection.ts'

const runbook = loadRunbook(
  `version: 1
pipeline: kafka-pipeline
environments: { production: { namespace: kafka-pipeline } }
components: [{ deployment: event-ingester }]
`,
  { file: 'runbook.yaml' },
)
const at = new Date('2026-11-23T10:08:00Z')
const after = (phase: PhaseName, outcome: 'passed' | 'blocked' = 'passed') =>
  appendPhase(recordOf(), { phase, outcome, reason: 'so it is', startedAt: at, endedAt: at })
const waiting = after('preflight')
const answer = (state: RunApproval['state'], more: Partial<RunApproval> = {}): RunApproval => ({
  environment: 'production-product-owner',
  by: 'marc',
  state,
  comment: 'not on a Friday',
  ...more,
})

function setUp(answers: readonly RunApproval[]) {
  const forge = new FakeForge()
  forge.answers = [...answers]
  const warnings: string[] = []
  const log = { ...silent, warn: (message: string) => void warnings.push(message) }
  const { signal } = new AbortController()
  const ports = { forge, log, signal, clock: { now: () => at }, redact: (text: string) => text }
  return { forge, warnings, ports }
}

describe('toldRejection', () => {
  it('says in the first line of the ticket who rejected it, why below, and closes it', async () => {
    const { forge, ports } = setUp([answer('rejected')])
    const record = await toldRejection({ record: waiting, stopped: 'failed' }, ports)
    expect(record.rejection).toEqual({
      environment: 'production-product-owner',
      by: 'marc',
      comment: 'not on a Friday',
      seenAt: at.toISOString(),
    })
    await keepTicket({ record, stopped: 'failed' }, runbook, ports)
    const [ticket] = forge.tickets.values()
    const [first, , when] = ticket?.body.split('\n') ?? []
    expect(first).toBe('## 🟥 @marc rejected v1.1.0: production is unchanged')
    expect(when).toContain('Since Mon 23 Nov 2026, 10:08 UTC')
    expect(ticket?.body).toContain('**Why:** marc rejected it at production-product-owner: not on a Friday.')
    expect(ticket).toMatchObject({ state: 'closed', labels: ['deployment', 'deployment-blocked'] })
  })

  it.each<[string, Parameters<typeof toldRejection>[0], readonly RunApproval[]]>([
    ['its job was lost after it was approved', { record: waiting, stopped: 'failed' }, [answer('approved')]],
    ['nobody answered', { record: waiting, stopped: 'failed' }, []],
    [
      'another environment was rejected',
      { record: waiting, stopped: 'failed' },
      [answer('rejected', { environment: 'staging' })],
    ],
    ['it still waits', { record: waiting, stopped: undefined }, [answer('rejected')]],
    ['it was cancelled', { record: waiting, stopped: 'cancelled' }, [answer('rejected')]],
    ['it never got so far', { record: after('plan'), stopped: 'failed' }, [answer('rejected')]],
    [
      'preflight has blocked it',
      { record: after('preflight', 'blocked'), stopped: 'failed' },
      [answer('rejected')],
    ],
    ['it is past that', { record: after('re-check'), stopped: 'failed' }, [answer('rejected')]],
  ])('tells none where %s', async (_, story, answers) => {
    const { ports } = setUp(answers)
    expect(await toldRejection(story, ports)).toBe(story.record)
  })

  it('is a warning where the answers cannot be read, and no more', async () => {
    const { forge, warnings, ports } = setUp([])
    forge.approvals = () => Promise.reject(new UserError('not allowed', 'Grant the job "actions: read".'))
    expect(await toldRejection({ record: waiting, stopped: 'failed' }, ports)).toBe(waiting)
    expect(warnings).toEqual([expect.stringMatching(/cannot be told: not allowed.*actions: read/s)])
  })
})
