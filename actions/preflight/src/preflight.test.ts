import { describe, expect, it } from '@jest/globals'
import { FakeCluster, FakeStore, goodRelease } from '@runbook-actions/shared/cluster/cluster.fixture.ts'
import { digestA, digestB, podOf } from '@runbook-actions/shared/cluster/component.fixture.ts'
import { goodSources } from '@runbook-actions/shared/gates/sources.fixture.ts'
import { FakeForge } from '@runbook-actions/shared/github/forge.fixture.ts'
import { goodForge } from '@runbook-actions/shared/github/good-forge.fixture.ts'
import { UserError } from '@runbook-actions/shared/errors.ts'
import { silent } from '@runbook-actions/shared/ports.ts'
import { appendPhase, lastPhase } from '@runbook-actions/shared/record/append.ts'
import { planned, recordOf } from '@runbook-actions/shared/record/record.fixture.ts'
import { checklistOf } from '@runbook-actions/shared/record/checklist.ts'
import { withWindowOverride } from '@runbook-actions/shared/record/override.ts'
import type { DeploymentRecord } from '@runbook-actions/shared/record/schema.ts'
import type { ImageRegistry } from '@runbook-actions/shared/registry/image-registry.ts'
import type { HolidayCalendar } from '@runbook-actions/shared/runbook/holidays.ts'
import { loadRunbook } from '@runbook-actions/shared/runbook/load.ts'
import { approve } from './approve.ts'
import { check, withStaging } from './check.ts'
import { plan, type PlanRequest } from './plan.ts'

const names = ['event-ingester', 'download-worker', 'result-processor']
const runbookWith = (more = '', window = '') =>
  loadRunbook(
    `version: 1
pipeline: kafka-pipeline
environments: { staging: { namespace: kafka-pipeline-staging }, production: { namespace: kafka-pipeline } }
components: [${names.map((name) => `{ deployment: ${name} }`).join(', ')}]
window: { hours: "Mon-Sun 00:00-24:00", avoid: [], freezes: [{ from: 2026-12-24, to: 2026-12-26, reason: year-end close }], ${window} }
${more}`,
    { file: 'runbook.yaml' },
  )
const runbook = runbookWith()
const at = (time: string) => ({ now: () => new Date(time) })
const clock = at('2026-11-23T10:00:00Z')
const { signal } = new AbortController()
const request: PlanRequest = {
  environment: 'production',
  tag: 'v1.1.0',
  tagPrefix: '',
  commit: 'a'.repeat(40),
  author: 'ana',
  run: recordOf().run,
  components: [],
  images: new Map(),
}

const calendar = () =>
  Promise.resolve<HolidayCalendar>({
    holidaysOf(region, year) {
      if (region !== 'DE-BE') throw new UserError(`no region ${region}`)
      return [{ date: `${year}-12-25`, name: 'Christmas Day' }]
    },
  })

function setUp() {
  const cluster = new FakeCluster(...names)
  const store = new FakeStore()
  store.memory = { latest: undefined, knownGood: goodRelease('v1.0.0', cluster) }
  const planned_ = (more: Partial<PlanRequest> = {}, book = runbook) =>
    plan(book, { ...request, ...more }, { cluster, store, calendar, clock, signal })
  return { cluster, store, plan: planned_ }
}

const text = (result: {
  summary: readonly ({ kind: 'decision'; markdown: string } | { kind: 'evidence'; text: string })[]
}) => result.summary.map((part) => (part.kind === 'decision' ? part.markdown : part.text)).join('\n')

describe('plan', () => {
  it('tells the class by what runs, who approves, and what will happen', async () => {
    const result = await setUp().plan()
    expect(result.outcome).toBe('passed')
    expect(result.record).toMatchObject({
      version: 'v1.1.0',
      class: 'minor',
      approval: 'production-product-owner',
      strategy: 'rolling',
      from: { version: 'v1.0.0' },
    })
    expect(result.record.plan.map(({ deployment, to }) => [deployment, to])).toEqual(
      names.map((name) => [name, `registry.local/${name}:v1.1.0`]),
    )
    expect(text(result)).toContain('## 📋 v1.1.0 over v1.0.0 on production')
  })

  it('shows beside the pods what decides how many there are', async () => {
    const { cluster, plan: planned_ } = setUp()
    cluster.scaledBy.set('download-worker', { kind: 'HPA', name: 'worker', min: 2, max: 10 })
    expect(text(await planned_())).toContain('| 2, 2–10 by HPA |')
  })

  it('says that a manifest is applied, also where the image stays', async () => {
    const book = runbookWith()
    const components = book.components.map((component) => ({
      ...component,
      manifest: 'deployments/all.yaml',
    }))
    const result = await setUp().plan({ tag: 'v1.0.0' }, { ...book, components })
    expect(text(result)).toContain('applies deployments/all.yaml')
    expect(result.record.plan[0]).toMatchObject({ manifest: 'deployments/all.yaml' })
  })

  it.each([
    ['v1.0.1', 'patch', 'production-team-lead'],
    ['v1.0.0', 'patch', 'production-team-lead'],
  ])('%s is a %s change, approved at %s', async (tag, changeClass, approval) => {
    expect((await setUp().plan({ tag })).record).toMatchObject({ class: changeClass, approval })
  })

  it.each<[string, Partial<PlanRequest>, string]>([
    [
      'an older version',
      { tag: 'v0.9.0' },
      'v0.9.0 is older than what runs, v1.0.0: going back is a rollback',
    ],
    ['a hotfix tag', { tag: 'v1.0.1-hotfix' }, 'v1.0.1-hotfix is a hotfix, which goes its own way'],
    ['a -prod tag', { tag: 'v1.0.0-prod' }, 'is no version of a release'],
    ['a component that is none', { components: ['worker'] }, 'The runbook file has no component "worker".'],
    ['a lower class without a reason', { wantedClass: { class: 'patch' } }, 'only with a reason'],
  ])('refuses %s', async (_, more, message) => {
    await expect(setUp().plan(more)).rejects.toThrow(message)
  })

  it('does not roll a major change that wants a canary', async () => {
    const result = await setUp().plan({ tag: 'v2.0.0' })
    expect(result.outcome).toBe('blocked')
    expect(result.next).toContain('changes.major.strategy: rolling')
    const allowed = await setUp().plan(
      { tag: 'v2.0.0' },
      runbookWith('changes: { major: { strategy: rolling } }'),
    )
    expect(allowed.outcome).toBe('passed')
  })

  it('does not deploy again what was rolled back, unless a person says why', async () => {
    const { store, plan: planned_ } = setUp()
    const mark = { version: 'v1.1.0', recordId: 'p/e/v1.1.0/1-1', by: 'olga', at: '2026-11-21T02:14:00.000Z' }
    store.past = { releases: [], bad: [{ ...mark, reason: 'critical bug' }], runbook: undefined }
    const refused = await planned_()
    expect([refused.outcome, refused.reason]).toEqual([
      'blocked',
      'v1.1.0 was rolled back from production at 2026-11-21 02:14 UTC by olga: critical bug.',
    ])
    expect(refused.next).toContain('redeploy-reason')
    const allowed = await planned_({ redeployReason: 'the broker was the cause' })
    expect(allowed.outcome).toBe('passed')
    expect(allowed.record.overrides).toMatchObject([
      { gate: 'rolled-back-before', reason: 'the broker was the cause', by: 'rosa' },
    ])
    expect((await planned_({ tag: 'v1.2.0' })).outcome).toBe('passed')
  })

  it('looks the coming holidays up, so that no later phase needs a calendar', async () => {
    const book = runbookWith('', 'holidays: DE-BE')
    expect((await setUp().plan({}, book)).record.holidays).toEqual({
      region: 'DE-BE',
      until: '2027-07-09',
      dates: [{ date: '2026-12-25', name: 'Christmas Day' }],
    })
    expect((await setUp().plan()).record.holidays).toBeUndefined()
  })

  it('refuses a region that the calendar does not know', async () => {
    await expect(setUp().plan({}, runbookWith('', 'holidays: DE-XX'))).rejects.toThrow('no region DE-XX')
  })

  it('asks for the class where no record says what runs, and then adopts it', async () => {
    const { store, plan: run } = setUp()
    store.memory = { latest: undefined, knownGood: undefined }
    await expect(run()).rejects.toThrow('The class of v1.1.0 cannot be told')
    const result = await run({ firstDeploymentClass: 'minor' })
    expect(result.record.from).toMatchObject({
      recordId: 'adopted',
      components: [{ digest: digestB }, {}, {}],
    })
    expect(text(result)).toContain('What runs now is adopted as known good')
  })

  it('does not take a hand-made change for a release', async () => {
    const { cluster, plan: run } = setUp()
    const state = cluster.states.get('download-worker')!
    const changed = podOf(state.replicaSets[0]!, 'x', { digest: digestA })
    cluster.states.set('download-worker', { ...state, pods: [changed] })
    await expect(run()).rejects.toThrow(
      'production does not run what its record says (v1.0.0): download-worker: 1 pods run',
    )
  })

  it('takes what an unfinished deployment left for what it is', async () => {
    const { cluster, store, plan: run } = setUp()
    const state = cluster.states.get('download-worker')!
    const pods = [podOf(state.replicaSets[0]!, 'x', { digest: digestA })]
    cluster.states.set('download-worker', { ...state, pods })
    const latest = recordOf({
      plan: [planned('download-worker', { to: `registry.local/download-worker:v1.1.0@${digestA}` })],
    })
    store.memory = { ...store.memory, latest }
    expect((await run()).record.from?.version).toBe('v1.0.0')
  })
})

describe('check', () => {
  const staged = (more: Partial<DeploymentRecord> = {}) => {
    const deployed = names.map((deployment) => ({
      deployment,
      container: deployment,
      image: `registry.local/${deployment}:v1.1.0`,
      digest: digestA,
      pods: 1,
    }))
    const ended = new Date('2026-11-23T09:50:00Z')
    const record = recordOf({ environment: 'staging', deployed, ...more })
    return appendPhase(record, {
      phase: 'soak',
      outcome: 'passed',
      reason: '',
      startedAt: ended,
      endedAt: ended,
    })
  }
  const hasAll: ImageRegistry = {
    look: () => Promise.resolve({ result: 'found' }),
    close: () => Promise.resolve(),
  }
  const ask = (record: DeploymentRecord, when = clock, book = runbook) =>
    check('preflight', book, record, {
      sources: goodSources(setUp().cluster, {
        clock: when,
        forge: goodForge(record, checklistOf(record, runbook)),
        registry: hasAll,
      }),
      log: silent,
      signal,
    })
  const gate = (result: Awaited<ReturnType<typeof check>>, name: string) =>
    result.record.phases.at(-1)?.gates.find((entry) => entry.gate === name)

  it('pins production to the digests that staging ran', () => {
    const record = withStaging(recordOf(), staged())
    expect(record.plan.map(({ to }) => to)).toEqual(
      names.map((name) => `registry.local/${name}:v1.1.0@${digestA}`),
    )
  })

  it('passes where the release is reviewed and tested, staging passed, production is healthy and the window is open', async () => {
    const result = await ask(
      withStaging(recordOf({ from: goodRelease('v1.0.0', setUp().cluster) }), staged()),
    )
    expect(result.record.phases.at(-1)?.gates.map((entry) => [entry.gate, entry.verdict])).toEqual([
      ['change-reviewed', 'pass'],
      ['checks-green', 'pass'],
      ['docs-updated', 'pass'],
      ['configuration-reviewed', 'skipped'],
      ['migrations-validated', 'skipped'],
      ['monitoring-ready', 'skipped'],
      ['checklist', 'pass'],
      ['staging-healthy', 'pass'],
      ['production-healthy', 'pass'],
      ['consumer-lag', 'skipped'],
      ['error-rate', 'pass'],
      ['latency-p95', 'pass'],
      ['no-active-incident', 'pass'],
      ['deployment-window', 'pass'],
      ['ownership', 'pass'],
      ['capacity', 'skipped'],
      ['image-present', 'pass'],
      ['download-success', 'pass'],
      ['upload-latency', 'pass'],
      ['retry-rate', 'pass'],
      ['dlq-rate', 'pass'],
    ])
    expect(result.outcome).toBe('passed')
  })

  it.each([
    ['nothing is known of staging', recordOf(), 'has not been deployed to staging in this run'],
    [
      'staging ran another commit',
      withStaging(recordOf(), staged({ commit: 'b'.repeat(40) })),
      'did not pass in staging',
    ],
    [
      'staging left a component out',
      withStaging(recordOf(), staged({ deployed: [] })),
      'Staging did not run event-ingester',
    ],
  ])('is blocked where %s', async (_, record, answer) => {
    const result = await ask(record)
    expect(result.outcome).toBe('blocked')
    expect(gate(result, 'staging-healthy')?.answer).toContain(answer)
  })

  it('is blocked by evidence that has grown old', async () => {
    const result = await ask(withStaging(recordOf(), staged()), at('2026-11-23T10:50:01Z'))
    expect(gate(result, 'staging-healthy')).toMatchObject({
      verdict: 'fail',
      value: '1 h old',
      limit: '< 1 h old',
    })
  })

  it('is blocked on a frozen day, unless somebody says why', async () => {
    const christmas = at('2026-12-24T10:00:00Z')
    const record = recordOf()
    expect(gate(await ask(record, christmas), 'deployment-window')).toMatchObject({ verdict: 'fail' })
    const overridden = withWindowOverride(record, 'data loss is worse', 'rosa', christmas)
    expect(gate(await ask(overridden, christmas), 'deployment-window')).toMatchObject({
      verdict: 'warn',
      answer: expect.stringContaining('Overridden by rosa: data loss is worse') as unknown,
    })
    expect(overridden.overrides).toEqual([
      { gate: 'deployment-window', reason: 'data loss is worse', by: 'rosa', at: '2026-12-24T10:00:00.000Z' },
    ])
  })

  it('does not call production unchanged where an attempt before it has begun, and the window has closed', async () => {
    const { cluster } = setUp()
    const christmas = at('2026-12-24T10:00:00Z')
    const [before, rolled] = ['v0.9.0', 'v1.0.0'].map((version) => `registry.local/event-ingester:${version}`)
    const record = recordOf({
      plan: [planned('event-ingester', { from: before!, to: rolled! }), planned('download-worker')],
    })
    const forge = goodForge(record, checklistOf(record, runbook))
    const sources = goodSources(cluster, { clock: christmas, forge })
    const result = await check('re-check', runbook, record, { sources, log: silent, signal })
    expect(gate(result, 'unchanged-since-plan')).toMatchObject({
      verdict: 'warn',
      answer: 'An attempt before this one has rolled event-ingester.',
    })
    expect(result.reason).toMatch(/^deployment-window is fail: /)
    expect(result.next).toBe(
      'production is not on what ran before any more, since an earlier attempt. Decide now: go back as that attempt says, or mend the cause and run the workflow again.',
    )
  })

  it('blocks the re-check where somebody changed production since the plan', async () => {
    const { cluster } = setUp()
    const record = recordOf({
      plan: [planned('download-worker', { from: 'registry.local/download-worker:v0.9.0' })],
    })
    const result = await check('re-check', runbook, record, {
      sources: goodSources(cluster, { clock, forge: goodForge(record, checklistOf(record, runbook)) }),
      log: silent,
      signal,
    })
    expect(gate(result, 'unchanged-since-plan')).toMatchObject({
      verdict: 'fail',
      evidence: [
        'download-worker: registry.local/download-worker:v1.0.0, planned from registry.local/download-worker:v0.9.0',
      ],
    })
    expect(result.next).toBe(
      'production was changed by somebody else. See by whom, then start a new run if it is still needed.',
    )
    expect(result.summary[0]).toMatchObject({
      markdown: expect.stringContaining(
        '## 🟥 v1.1.0 is blocked: production was changed by somebody else\n**Do:** see by whom',
      ) as unknown,
    })
  })
})

describe('approve', () => {
  const untick = (forge: FakeForge, line: string): void => {
    const ticket = forge.tickets.get(412)!
    forge.tickets.set(412, { ...ticket, body: ticket.body.replace(`[x] ${line}`, `[ ] ${line}`) })
  }

  const preflighted = (endedAt = new Date('2026-11-23T09:30:00Z')) =>
    appendPhase(recordOf(), {
      phase: 'preflight',
      outcome: 'passed',
      reason: '',
      startedAt: endedAt,
      endedAt,
    })
  const run = async (arrange: (forge: FakeForge) => void = () => undefined, record = preflighted()) => {
    const forge = goodForge(record, checklistOf(record, runbook))
    forge.tags.set('v1.1.0', 'a'.repeat(40))
    forge.answers = [
      { environment: 'production-product-owner', by: 'marc', state: 'approved', comment: 'go' },
    ]
    arrange(forge)
    return approve(runbook, record, { forge, clock, log: silent, signal })
  }

  it('records who approved', async () => {
    const result = await run()
    expect(result.outcome).toBe('passed')
    expect(result.record.approvals).toEqual([
      {
        environment: 'production-product-owner',
        by: 'marc',
        comment: 'go',
        seenAt: '2026-11-23T10:00:00.000Z',
      },
    ])
  })

  it.each([
    ['nobody approved', (forge: FakeForge) => (forge.answers = []), 'Nobody approved'],
    [
      'the author approved',
      (forge: FakeForge) => (forge.answers = [{ ...forge.answers[0]!, by: 'ana' }]),
      'ana approved their own change',
    ],
    [
      'the tag was moved',
      (forge: FakeForge) => forge.tags.set('v1.1.0', 'b'.repeat(40)),
      'The tag v1.1.0 points at bbbb',
    ],
    ['the tag was deleted', (forge: FakeForge) => forge.tags.delete('v1.1.0'), 'points at nothing now'],
  ])('is blocked where %s', async (_, arrange, reason) => {
    const result = await run(arrange)
    expect(result).toMatchObject({ outcome: 'blocked', reason: expect.stringContaining(reason) as unknown })
  })

  it('keeps who answered the lines of the checklist', async () => {
    const result = await run()
    expect(lastPhase(result.record, 'approve')?.gates[0]).toMatchObject({
      gate: 'checklist',
      verdict: 'pass',
      checklist: expect.arrayContaining([
        {
          line: 'Rollback plan: the procedure is documented and tested',
          by: 'rosa',
          at: '2026-11-23T09:20:00.000Z',
        },
      ]) as unknown,
    })
    expect(text(result)).toContain('**Checklist**: 4 of 4 ticked')
  })

  it.each([
    [
      'a line is not ticked',
      (forge: FakeForge) => untick(forge, 'Rollback plan'),
      'Approved by marc, but checklist is fail: Not ticked in #412: "Rollback plan".',
    ],
    ['there is no ticket', (forge: FakeForge) => forge.tickets.clear(), 'checklist is unknown'],
    [
      'a workflow ticked it',
      (forge: FakeForge) => (forge.versions = forge.versions.map((each) => ({ ...each, isPerson: false }))),
      'checklist is fail: Not ticked',
    ],
  ])('is blocked where %s, also when somebody approved', async (_, arrange, reason) => {
    const result = await run(arrange)
    expect(result).toMatchObject({ outcome: 'blocked', reason: expect.stringContaining(reason) as unknown })
    expect(result.record.approvals).toEqual([])
  })

  it('is blocked where the approval came after the evidence had grown old', async () => {
    const result = await run(undefined, preflighted(new Date('2026-11-23T08:00:00Z')))
    expect(result.reason).toBe('What was approved is 2 h old; evidence is good for 1 h.')
  })

  it('is blocked where no preflight passed', async () => {
    expect((await run(undefined, recordOf())).outcome).toBe('blocked')
  })
})
