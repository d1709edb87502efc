import { describe, expect, it } from '@jest/globals'
import { keepTicket } from '@runbook-actions/shared/action/keep-ticket.ts'
import { UserError } from '@runbook-actions/shared/errors.ts'
import { comparisonOf, FakeForge, reviewedPull } from '@runbook-actions/shared/github/forge.fixture.ts'
import { silent } from '@runbook-actions/shared/ports.ts'
import { appendPhase } from '@runbook-actions/shared/record/append.ts'
import { recordOf } from '@runbook-actions/shared/record/record.fixture.ts'
import { rollbackMarker } from '@runbook-actions/shared/record/ticket-marker.ts'
import type { DeploymentRecord } from '@runbook-actions/shared/record/schema.ts'
import { loadRunbook } from '@runbook-actions/shared/runbook/load.ts'
import { ticket } from './ticket.ts'

const runbook = loadRunbook(
  `version: 1
pipeline: kafka-pipeline
environments: { production: { namespace: kafka-pipeline } }
components: [{ deployment: event-ingester }]
`,
  { file: 'runbook.yaml' },
)
const from = {
  recordId: 'x',
  version: 'v1.0.0',
  commit: 'b'.repeat(40),
  at: '2026-11-20T10:00:00Z',
  components: [],
}
const planned = recordOf({ from })
const at = new Date('2026-11-23T10:08:00Z')
const after = (
  record: DeploymentRecord,
  phase: 'preflight' | 'validate' | 'important',
  outcome: 'passed' | 'failed',
): DeploymentRecord => appendPhase(record, { phase, outcome, reason: 'so it is', startedAt: at, endedAt: at })

function setUp() {
  const forge = new FakeForge()
  const warnings: string[] = []
  const log = { ...silent, warn: (message: string) => warnings.push(message) }
  const ports = { forge, log, signal: new AbortController().signal, redact: (text: string) => text }
  const only = () => {
    expect(forge.tickets.size).toBe(1)
    return [...forge.tickets.values()][0]!
  }
  return { forge, warnings, ports, only }
}

describe('the ticket of a deployment', () => {
  it('is opened once, updated by every phase, and closed at the end', async () => {
    const { ports, only } = setUp()
    const opened = await keepTicket({ record: planned }, runbook, ports)
    expect(opened.done).toBe('The ticket #412 is opened.')
    expect(opened.record.ticket).toEqual({ number: 412, url: 'https://github.example/acme/x/issues/412' })

    const checked = await keepTicket({ record: after(opened.record, 'preflight', 'passed') }, runbook, ports)
    expect(checked.done).toBe('The ticket #412 is updated.')
    expect(only()).toMatchObject({ state: 'open', labels: ['deployment'] })
    expect(only().body).toContain('waits for its approval')

    const live = after(checked.record, 'important', 'passed')
    const closed = await keepTicket({ record: live, isDone: true }, runbook, ports)
    expect(closed.done).toBe('The ticket #412 is closed.')
    expect(only()).toMatchObject({ state: 'closed', title: 'Deploy v1.1.0 to production (minor)' })
  })

  it('is taken over by a later attempt of the same run, which says so, and of no other run', async () => {
    const { forge, ports, only } = setUp()
    await keepTicket({ record: after(planned, 'preflight', 'failed') }, runbook, ports)
    const attempt = (id: string, number: string) =>
      recordOf({
        from,
        id: `kafka-pipeline/production/v1.1.0/${id}-${number}`,
        openedAt: '2026-11-25T10:00:00.000Z',
        run: { ...planned.run, id, attempt: number },
      })
    const again = await keepTicket({ record: attempt('4711', '2') }, runbook, ports)
    expect(again.done).toBe(
      'The ticket #412, which an earlier attempt of this run has opened, goes on with attempt 2.',
    )
    expect(only()).toMatchObject({ state: 'open', labels: ['deployment'] })
    expect(only().body).toContain('This is attempt 2 of the run')
    const later = await keepTicket({ record: after(again.record, 'preflight', 'passed') }, runbook, ports)
    expect(later.done).toBe('The ticket #412 is updated.')

    await keepTicket({ record: attempt('4712', '1') }, runbook, ports)
    expect(forge.tickets.size).toBe(2)
  })

  it('is found again by a re-run whose record knows no number', async () => {
    const { ports, only } = setUp()
    await keepTicket({ record: planned }, runbook, ports)
    const { record } = await keepTicket({ record: after(planned, 'preflight', 'failed') }, runbook, ports)
    expect(record.ticket?.number).toBe(412)
    expect(only().labels).toEqual(['deployment', 'deployment-failed'])
  })

  it('keeps as its last word that production is back, whatever a run that was asked to stop says later', async () => {
    const { ports, only } = setUp()
    const failed = after(planned, 'validate', 'failed')
    await keepTicket({ record: failed }, runbook, ports)
    const rollback = {
      target: 'the last known good release, v1.0.0',
      version: 'v1.0.0',
      reason: 'critical bug',
      run: { ...planned.run, id: '4712' },
      at: at.toISOString(),
    }
    const end = {
      phase: 'rollback',
      outcome: 'rolled-back',
      reason: 'Back.',
      startedAt: at,
      endedAt: at,
    } as const
    const back = appendPhase({ ...failed, rollback }, end)
    await keepTicket({ record: back }, runbook, ports)
    const told = only().body
    expect(told).toMatch(/^## 🟧 production is back on v1\.0\.0: v1\.1\.0 was rolled back\n/)
    expect(told).toContain('**Why:** critical bug. Back.')
    const { record, done } = await keepTicket({ record: failed }, runbook, ports)
    expect([only().body, record.ticket?.number]).toEqual([told, 412])
    expect(done).toBe('The ticket #412 tells of the rollback: that stays its last word.')
    // Whoever knows of it may still write.
    expect((await keepTicket({ record: back }, runbook, ports)).done).toBe('The ticket #412 is updated.')
    // And a later attempt of the same run, which was started in spite of it.
    const again = recordOf({ from, run: { ...planned.run, attempt: '2' } })
    expect((await keepTicket({ record: again }, runbook, ports)).done).toContain('goes on with attempt 2')
    expect(only().body).toContain('v1.1.0 is on its way')
  })

  it('is not silenced by a line that a log has quoted', async () => {
    const { forge, ports, only } = setUp()
    await keepTicket({ record: planned }, runbook, ports)
    const existing = only()
    forge.tickets.set(412, { ...existing, body: `${rollbackMarker('1')}\n${existing.body}` })
    expect((await keepTicket({ record: planned }, runbook, ports)).done).toBe('The ticket #412 is updated.')
  })

  it('keeps ticks and the labels of people', async () => {
    const { forge, ports, only } = setUp()
    await keepTicket({ record: planned }, runbook, ports)
    const existing = only()
    const body = existing.body.replace('- [ ] Load test', '- [x] Load test')
    expect(body).not.toBe(existing.body)
    forge.tickets.set(412, { ...existing, body, labels: ['deployment', 'deployment-held', 'team-a'] })
    await keepTicket({ record: after(planned, 'preflight', 'passed') }, runbook, ports)
    expect(only().body).toContain('- [x] Load test')
    expect(only().labels).toEqual(['deployment', 'team-a'])
  })

  it('holds no secret', async () => {
    const { ports, only } = setUp()
    const redact = (text: string) => text.replaceAll('hunter2', '***')
    const failed = appendPhase(planned, {
      phase: 'preflight',
      outcome: 'failed',
      reason: 'password hunter2 is wrong',
      startedAt: at,
      endedAt: at,
    })
    await keepTicket({ record: failed }, runbook, { ...ports, redact })
    expect(only().body).toContain('password')
    expect(only().body).not.toContain('hunter2')
  })
})

describe('the changes', () => {
  const merge = { sha: 'd'.repeat(40), message: 'Merge pull request #12', isMerge: true }
  const item = { sha: 'c'.repeat(40), message: 'Faster\n\nRefs: WP-124', isMerge: false }
  const plain = { sha: 'e'.repeat(40), message: 'Tidy up', isMerge: false }

  it('are read once, newest first, with work items and pull requests', async () => {
    const { forge, ports, only } = setUp()
    forge.comparison = comparisonOf([plain, item, merge], { missing: 1 })
    const pull = { number: 12, title: 'WP-123: Faster uploads', url: 'https://github.example/acme/x/pull/12' }
    forge.pulls.set(item.sha, [reviewedPull(item.sha, pull)])
    const { record } = await keepTicket({ record: planned }, runbook, ports)
    expect(record.changes).toEqual({
      from: from.commit,
      total: 2,
      missing: 1,
      list: [
        {
          commit: item.sha,
          subject: 'Faster',
          items: [
            { key: 'WP-123', text: 'Faster uploads' },
            { key: 'WP-124', text: 'Faster' },
          ],
          pulls: [pull],
        },
        { commit: plain.sha, subject: 'Tidy up', items: [], pulls: [] },
      ],
    })
    expect(only().body).toContain('- \\[WP-124\\] Faster (')

    forge.comparison = undefined
    const again = await keepTicket({ record }, runbook, ports)
    expect(again.record.changes).toEqual(record.changes)
  })

  it('are not known at the first deployment', async () => {
    const { ports, only } = setUp()
    await keepTicket({ record: recordOf() }, runbook, ports)
    expect(only().body).toContain('**Changes**: not known')
  })

  it('are told without pull requests where those may not be read', async () => {
    const { forge, warnings, ports } = setUp()
    forge.comparison = comparisonOf([item])
    forge.origins = () => Promise.reject(new UserError('not allowed', 'Grant pull-requests: read'))
    const { record } = await keepTicket({ record: planned }, runbook, ports)
    expect(record.changes?.list[0]).toMatchObject({ subject: 'Faster', pulls: [] })
    expect(warnings).toEqual([
      'The ticket tells commits without their pull requests: not allowed Grant pull-requests: read',
    ])
  })

  it('are kept to the newest hundred, with the number of all', async () => {
    const { forge, ports } = setUp()
    const commits = Array.from({ length: 150 }, (_, index) => ({
      ...plain,
      sha: String(index).padStart(40, '0'),
    }))
    forge.comparison = comparisonOf(commits, { total: 400 })
    const { record } = await keepTicket({ record: planned }, runbook, ports)
    expect(record.changes).toMatchObject({
      total: 400,
      list: { length: 100, 0: { commit: commits[149]!.sha } },
    })
  })
})

describe('a ticket that cannot be written', () => {
  const refusal = new UserError('Opening the deployment ticket is not allowed.', 'Grant issues: write.')

  it('stops no deployment: the record goes on as it came, and a warning says why', async () => {
    const { forge, warnings, ports } = setUp()
    forge.refusal = refusal
    const result = await ticket({ record: planned }, () => runbook, ports)
    expect(result).toMatchObject({ outcome: 'passed', record: planned })
    expect(warnings.at(-1)).toBe(
      'The deployment ticket is not written: Opening the deployment ticket is not allowed. Grant issues: write.\n' +
        'The deployment goes on without it.',
    )
    expect(JSON.stringify(result.summary)).toContain('⚠️')
  })

  it('also where the runbook file is missing', async () => {
    const { warnings, ports } = setUp()
    const missing = () => {
      throw new UserError('There is no runbook file at x.')
    }
    expect((await ticket({ record: planned }, missing, ports)).outcome).toBe('passed')
    expect(warnings.at(-1)).toContain('There is no runbook file at x.')
  })

  it('is not swallowed where the run was cancelled', async () => {
    const { forge, ports } = setUp()
    forge.refusal = refusal
    const signal = AbortSignal.abort(new Error('cancelled'))
    await expect(ticket({ record: planned }, () => runbook, { ...ports, signal })).rejects.toThrow()
  })
})
