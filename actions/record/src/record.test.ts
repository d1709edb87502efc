import { describe, expect, it } from '@jest/globals'
import { UserError } from '@runbook-actions/shared/errors.ts'
import { FakeForge } from '@runbook-actions/shared/github/forge.fixture.ts'
import { silent, type Clock } from '@runbook-actions/shared/ports.ts'
import { appendPhase } from '@runbook-actions/shared/record/append.ts'
import { recordOf } from '@runbook-actions/shared/record/record.fixture.ts'
import type { DeploymentRecord } from '@runbook-actions/shared/record/schema.ts'
import { readRecord, recordDigest } from '@runbook-actions/shared/record/text.ts'
import { record, type RecordPorts } from './record.ts'

const clock: Clock = { now: () => new Date('2026-11-23T10:09:00.000Z') }
const approvals = [
  { environment: 'production-product-owner', by: 'marc', comment: '', seenAt: '2026-11-23T10:00:00.000Z' },
]

function ended(
  phase: 'rollout' | 'validate' | 'important',
  outcome: 'passed' | 'failed',
  reason: string,
): DeploymentRecord {
  const at = new Date('2026-11-23T10:08:12.345Z')
  return appendPhase(recordOf({ approvals }), { phase, outcome, reason, startedAt: at, endedAt: at })
}

const keepTicket: RecordPorts['keepTicket'] = (closed) => Promise.resolve({ record: closed, done: '' })

const standing: RecordPorts['standing'] = ({ environment }) => `## 🟧 ${environment} is back`

const keep = (forge: FakeForge, given: DeploymentRecord, prefix = '', more: Partial<RecordPorts> = {}) =>
  record(given, prefix, {
    forge,
    clock,
    log: silent,
    signal: new AbortController().signal,
    standing,
    keepTicket,
    ...more,
  })

describe('record', () => {
  it('tags the deployed commit and logs one line in the words of the runbook', async () => {
    const forge = new FakeForge()
    const result = await keep(forge, ended('important', 'passed', 'watched'))
    expect(result.tag).toBe('v1.1.0-prod')
    expect(forge.tags.get('v1.1.0-prod')).toBe('a'.repeat(40))
    expect(forge.log[0]?.line).toBe(
      '2026-11-23T10:08:12Z: Deployed v1.1.0 event-ingester, download-worker, result-processor successfully ' +
        '(kafka-pipeline production, minor, by rosa, approved by marc, commit aaaaaaaaaaaa, ' +
        'https://github.example/acme/x/actions/runs/4711, record kafka-pipeline/production/v1.1.0/4711-1)',
    )
  })

  it('keeps the whole record, and its digest in the tag', async () => {
    const forge = new FakeForge()
    await keep(forge, ended('important', 'passed', 'watched'))
    const { path, content } = forge.log[0]!.file
    expect(path).toBe('records/kafka-pipeline/production/v1.1.0/4711-1.json')
    const kept = readRecord(content, path)
    expect(kept.closedAt).toBe('2026-11-23T10:09:00.000Z')
    expect(forge.made[0]?.message).toContain(`Record-digest: ${recordDigest(kept)}`)
    expect(forge.made[0]?.message).toContain('Approved-by: marc (production-product-owner)')
  })

  it('does nothing twice when it is repeated', async () => {
    const forge = new FakeForge()
    const given = ended('important', 'passed', 'watched')
    await keep(forge, given)
    await keep(forge, given)
    expect(forge.log).toHaveLength(1)
    expect(forge.made).toHaveLength(1)
  })

  it('tells of a deployment whose failed jobs were run again how each attempt ended', async () => {
    const forge = new FakeForge()
    const failed = ended('rollout', 'failed', 'its image cannot be pulled')
    await keep(forge, failed)
    await keep(forge, failed)
    await keep(forge, ended('important', 'passed', 'watched'))
    expect(forge.log.map(({ line }) => /(Did not deploy|Deployed)/.exec(line)?.[0])).toEqual([
      'Did not deploy',
      'Deployed',
    ])
  })

  it('says that it does not know why where no phase lived to tell it', async () => {
    const forge = new FakeForge()
    await keep(forge, ended('rollout', 'passed', 'rolled out'))
    expect(forge.log[0]?.line).toContain('result-processor: It ended without a word after rollout. (')
  })

  it('does nothing twice for another attempt that found everything in place', async () => {
    const forge = new FakeForge()
    await keep(forge, ended('important', 'passed', 'watched'))
    const first = recordOf()
    const again = {
      ...ended('important', 'passed', 'watched'),
      id: 'kafka-pipeline/production/v1.1.0/4711-2',
      class: 'patch',
      plan: first.plan.map((component) => ({ ...component, from: component.to })),
      from: {
        recordId: first.id,
        version: 'v1.1.0',
        commit: first.commit,
        at: first.openedAt,
        components: [],
      },
    }
    await keep(forge, again)
    expect(forge.log).toHaveLength(1)
    expect(forge.made).toHaveLength(1)
    // What was not known as good before is news, and so is the line that an earlier attempt could not write.
    await keep(forge, { ...again, from: { ...again.from, version: 'v1.0.0' } })
    expect(forge.log).toHaveLength(2)
    const empty = new FakeForge()
    await keep(empty, again)
    expect(empty.log).toHaveLength(1)
  })

  it.each([
    ['a failed rollout', ended('rollout', 'failed', 'its image cannot be pulled')],
    ['a failed validation', ended('validate', 'failed', 'running-version is fail')],
    ['a rollout that nobody validated', ended('rollout', 'passed', 'rolled out')],
  ])('logs %s and makes no tag', async (_, given) => {
    const forge = new FakeForge()
    const result = await keep(forge, given)
    expect(result.tag).toBe('')
    expect(JSON.stringify(result.summary)).toContain('## 🟧 production is back')
    expect(forge.made).toEqual([])
    expect(forge.log[0]?.line).toContain('Did not deploy v1.1.0')
  })

  it('logs first: where the tag is taken, the log still tells what runs', async () => {
    const forge = new FakeForge()
    forge.tags.set('v1.1.0-prod', 'b'.repeat(40))
    await expect(keep(forge, ended('important', 'passed', 'watched'))).rejects.toThrow('exists already')
    expect(forge.log).toHaveLength(1)
  })

  it('keeps the prefix of a monorepo in the tag', async () => {
    const forge = new FakeForge()
    const given = { ...ended('important', 'passed', 'watched'), tag: 'kafka-pipeline/v1.1.0' }
    expect((await keep(forge, given, 'kafka-pipeline/')).tag).toBe('kafka-pipeline/v1.1.0-prod')
  })

  it('names the ticket in the log, the tag and the summary', async () => {
    const forge = new FakeForge()
    const ticket = { number: 412, url: 'https://github.example/acme/x/issues/412' }
    const { summary } = await keep(forge, { ...ended('important', 'passed', 'watched'), ticket })
    expect(forge.log[0]?.line).toContain(', ticket #412, record ')
    expect(forge.made[0]?.message).toContain('Ticket: #412 https://github.example/acme/x/issues/412')
    expect(JSON.stringify(summary)).toContain('](https://github.example/acme/x/issues/412)')
  })

  it.each([
    ['closes', ended('important', 'passed', 'watched'), true],
    ['leaves open', ended('rollout', 'failed', 'its image cannot be pulled'), false],
  ])('%s the ticket at the end', async (_, given, isDone) => {
    const asked: boolean[] = []
    await keep(new FakeForge(), given, '', {
      keepTicket: (closed, done) => {
        asked.push(done)
        expect(closed.closedAt).toBeDefined()
        return keepTicket(closed, done)
      },
    })
    expect(asked).toEqual([isDone])
  })

  it('says in the summary where the ticket could not be closed', async () => {
    const forge = new FakeForge()
    const { outcome, summary } = await keep(forge, ended('important', 'passed', 'watched'), '', {
      keepTicket: () => Promise.reject(new UserError('It is not allowed.', 'Grant issues: write.')),
    })
    expect(outcome).toBe('passed')
    expect(forge.made).toHaveLength(1)
    expect(JSON.stringify(summary)).toContain(
      '⚠️ The deployment ticket is not brought to its end: It is not allowed. Grant issues: write.',
    )
  })
})
