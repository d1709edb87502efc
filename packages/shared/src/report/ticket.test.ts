import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { deploymentName, markedDeployment, ticketMarker } from '../record/ticket-marker.ts'
import { checklistOf, docsNotApplicable, noteOf, readTasks } from '../record/checklist.ts'
import { appendPhase } from '../record/append.ts'
import type { Changes } from '../record/changes.ts'
import type { OffsetReceipt } from '../record/offsets.ts'
import { planned, recordOf } from '../record/record.fixture.ts'
import type { Verdict } from '../decide/verdict.ts'
import type { DeploymentRecord, Phase } from '../record/schema.ts'
import { loadRunbook } from '../runbook/load.ts'
import { maxTicketLength, renderTicket, ticketLabels } from './ticket.ts'

const book = (more = '') =>
  loadRunbook(
    `version: 1
pipeline: kafka-pipeline
environments: { staging: { namespace: kafka-pipeline-staging }, production: { namespace: kafka-pipeline } }
components: [{ deployment: event-ingester }, { deployment: download-worker }, { deployment: result-processor }]
dashboards: { Overview: "https://grafana.example/d/pipeline", Private: "\${GRAFANA}/d/x" }
window: { time-zone: Europe/Berlin }
changes: { minor: { confirm: [Load test, "Rollback plan: tested"] } }
${more}`,
    { file: 'runbook.yaml' },
  )
const runbook = book()

const changes: Changes = {
  from: 'b'.repeat(40),
  total: 4,
  missing: 0,
  list: [
    {
      commit: 'c'.repeat(40),
      subject: 'WP-123 Optimize upload performance',
      items: [{ key: 'WP-123', text: 'Optimize upload performance' }],
      pulls: [{ number: 12, title: 'Faster uploads', url: 'https://github.example/acme/x/pull/12' }],
    },
    {
      commit: 'd'.repeat(40),
      subject: 'Review of WP-123',
      items: [{ key: 'WP-123', text: 'Review of WP-123' }],
      pulls: [{ number: 12, title: 'Faster uploads', url: 'https://github.example/acme/x/pull/12' }],
    },
    { commit: 'e'.repeat(40), subject: 'Tidy up', items: [], pulls: [] },
  ],
}

const from = {
  recordId: 'x',
  version: 'v1.0.0',
  commit: 'b'.repeat(40),
  at: '2026-11-20T10:00:00Z',
  components: [],
}

/** The record with that verdict of its last phase. */
function withVerdict(record: DeploymentRecord, verdict: Verdict): DeploymentRecord {
  const last = record.phases.at(-1)!
  return { ...record, phases: [...record.phases.slice(0, -1), { ...last, verdict }] }
}

function recordAt(...ends: [Phase['phase'], Phase['outcome'], string?][]): DeploymentRecord {
  const base = recordOf({
    from,
    changes,
    plan: [
      planned('event-ingester', { to: 'registry.local/event-ingester:v1.0.0' }),
      planned('download-worker'),
      planned('result-processor'),
    ],
  })
  return ends.reduce(
    (record, [phase, outcome, reason = 'so it is'], index) =>
      appendPhase(record, {
        phase,
        outcome,
        reason,
        startedAt: new Date(Date.UTC(2026, 10, 23, 10, index)),
        endedAt: new Date(Date.UTC(2026, 10, 23, 10, index, 30)),
        gates: [
          {
            gate: 'production-healthy',
            question: 'Check production system health',
            verdict: outcome === 'passed' ? 'pass' : 'fail',
            answer: 'so it is',
            evidence: ['pod a: Ready'],
            at: '2026-11-23T10:00:00Z',
            tookMs: 20,
          },
        ],
      }),
    base,
  )
}

const firstLine = (record: DeploymentRecord, more = {}): string =>
  renderTicket({ record, ...more }, runbook).body.split('\n', 1)[0] ?? ''

/** The required lines that are ticked. */
const ticked = (body: string): string[] => {
  const tasks = readTasks(body)
  const { required } = checklistOf(recordOf(), runbook)
  return required.filter(({ key }) => tasks.get(key)?.isTicked).map(({ text }) => text)
}

/** A ticked line as it would stand in the ticket. */
const taskOf = (line: string): string => {
  const { key = '' } = checklistOf(recordOf(), runbook).required.find(({ text }) => text === line) ?? {}
  return `- [x] ${line} <!-- ${key} -->`
}

/** Line by line, as GitHub gets it. */
const wholeTicket = [
  '## ⏳ production runs v1.0.0: v1.1.0 waits for its approval',
  '**Do:** whoever approves for production-product-owner: read on, then approve or reject in the run, until 12:01 CET (11:01 UTC).',
  'Since Mon 23 Nov 2026, 11:01 CET (10:01 UTC) · minor · [run](https://github.example/acme/x/actions/runs/4711)',
  '',
  '**Version**: v1.1.0 over v1.0.0, commit `aaaaaaaaaaaa`',
  '**Type**: Minor release',
  '**Scope**: event-ingester, download-worker, result-processor',
  '',
  '**Changes** (4 commits over v1.0.0):',
  '',
  '- \\[WP-123\\] Optimize upload performance ([\\#\u200b12](https://github.example/acme/x/pull/12) Faster uploads, `ccccccc`, `ddddddd`)',
  '- Tidy up (`eeeeeee`)',
  '- and 1 commit more',
  '',
  '**Risk Assessment**: Medium',
  '',
  '- 2 of 3 components change:',
  '  - download-worker: `v1.0.0` to `v1.1.0`',
  '  - result-processor: `v1.0.0` to `v1.1.0`',
  '- No schema changes: the runbook declares no migrations',
  '- Strategy: rolling',
  '',
  '**Rollback Plan**: back to v1.0.0 by *Actions → Rollback → Run workflow*, or from a terminal:',
  '',
  '```bash',
  "node actions/rollback/dist/index.js --pipeline kafka-pipeline --environment production --reason '<why>'",
  '```',
  '',
  'Or by hand, in this order; annotations and ConfigMaps stay as they are:',
  '',
  '```bash',
  'kubectl set image deployment/result-processor result-processor=registry.local/result-processor:v1.0.0 -n kafka-pipeline',
  'kubectl set image deployment/download-worker download-worker=registry.local/download-worker:v1.0.0 -n kafka-pipeline',
  '```',
  '',
  '**Monitoring Focus**:',
  '',
  '- consumer lag, error rate, latency p95, restarts: 15 min',
  '- download success, upload latency, retry rate, dlq rate, circuit breaker: 1 h',
  '- [Overview](https://grafana.example/d/pipeline?from=1795424400000&to=1795431690000)',
  '- Private',
  '',
  '**Deployed By**: @rosa',
  '**Approved By**: @marc (production-product-owner): looks good',
  '',
  '**Checklist**, before approving:',
  '',
  '- [ ] Load test <!-- 5a265846 -->',
  '- [ ] Rollback plan: tested <!-- 3539e7fd -->',
  '',
  '**Only if it is so**, with the reason behind the colon:',
  '',
  '- [ ] Documentation need not change, because: <!-- 252295cf -->',
  '',
  '**Phases**:',
  '',
  '| Phase | Outcome | Reason | Ended | Took |',
  '|---|---|---|---|---|',
  '| ✅ plan | passed | so it is | 11:00 CET (10:00 UTC) | 30 s |',
  '| ✅ preflight | passed | so it is | 11:01 CET (10:01 UTC) | 30 s |',
  '',
  '<details><summary>plan: 1 line of the runbook answered</summary>',
  '',
  '|  | Runbook | Answer | Now | Limit |',
  '|---|---|---|---|---|',
  '| ✅ | Check production system health | so it is | – | – |',
  '',
  '</details>',
  '',
  '<details><summary>preflight: 1 line of the runbook answered</summary>',
  '',
  '|  | Runbook | Answer | Now | Limit |',
  '|---|---|---|---|---|',
  '| ✅ | Check production system health | so it is | – | – |',
  '',
  '</details>',
  '',
  '<details><summary>Runbook: 2 lines answered</summary>',
  '',
  '```',
  '# production-healthy: pass, measured in 20 ms',
  'pod a: Ready',
  '',
  '# production-healthy: pass, measured in 20 ms',
  'pod a: Ready',
  '```',
  '',
  '</details>',
  '',
  'Each phase writes this text anew and keeps the ticks; add what you have to say as a comment.',
  '',
  '<!-- runbook-actions:ticket:kafka-pipeline/production/v1.1.0/4711 -->',
].join('\n')

describe('the first line says how production stands', () => {
  const snapshot = { at: '2026-11-23T10:00:00Z', deployments: [], configMaps: [], secrets: [] }
  const deployed = [
    {
      deployment: 'download-worker',
      container: 'c',
      image: 'registry.local/download-worker:v1.1.0',
      digest: `sha256:${'0'.repeat(64)}`,
      pods: 2,
    },
  ]
  const leftHalfWay = (record: DeploymentRecord): DeploymentRecord => ({
    ...record,
    from: {
      ...from,
      components: deployed.map((component) => ({
        ...component,
        image: 'registry.local/download-worker:v0.9.0',
      })),
    },
  })
  it.each<[string, DeploymentRecord, string]>([
    ['plan passed', recordAt(['plan', 'passed']), '## 📋 production runs v1.0.0: v1.1.0 is on its way'],
    [
      'plan blocked',
      recordAt(['plan', 'blocked']),
      '## 🟥 production is unchanged: v1.1.0 is blocked at plan',
    ],
    [
      'preflight passed',
      recordAt(['plan', 'passed'], ['preflight', 'passed']),
      '## ⏳ production runs v1.0.0: v1.1.0 waits for its approval',
    ],
    [
      'preflight blocked',
      recordAt(['plan', 'passed'], ['preflight', 'blocked']),
      '## 🟥 production is unchanged: v1.1.0 is blocked at preflight',
    ],
    ['approved', recordAt(['approve', 'passed']), '## ⏳ production is being changed from v1.0.0 to v1.1.0'],
    [
      'blocked after an attempt that left it half-way',
      leftHalfWay(recordAt(['re-check', 'blocked'])),
      '## 🟥 production is not on v1.0.0 any more, since an earlier attempt: v1.1.0 is blocked at re-check',
    ],
    [
      'rollout failed before it wrote',
      recordAt(['rollout', 'failed']),
      '## 🟥 production is unchanged: v1.1.0 failed at rollout',
    ],
    [
      'rollout failed at the first component',
      { ...recordAt(['rollout', 'failed']), snapshot },
      '## 🟥 production may run two versions: v1.1.0 failed at rollout',
    ],
    [
      'rollout cancelled half-way',
      { ...recordAt(['rollout', 'cancelled']), snapshot, deployed },
      '## 🟥 production runs two versions: v1.1.0 was cancelled at rollout',
    ],
    [
      'being resumed',
      recordAt(['resume', 'passed']),
      '## ⏳ production is being changed from v1.0.0 to v1.1.0',
    ],
    [
      'frozen',
      { ...recordAt(['resume', 'held']), snapshot, deployed },
      '## 🟥 production runs two versions: v1.1.0 is frozen',
    ],
    [
      'cancelled and its runner lost',
      { ...recordAt(['resume', 'cancelled']), snapshot, deployed },
      '## 🟥 production runs two versions: v1.1.0 was cancelled at resume',
    ],
    ['not begun', recordAt(['resume', 'failed']), '## 🟥 production is unchanged: v1.1.0 failed at resume'],
    ['rolled out', recordAt(['rollout', 'passed']), '## ⏳ production runs v1.1.0: it is validated now'],
    ['watched to the end', recordAt(['important', 'passed']), '## ✅ v1.1.0 is live in production'],
    [
      'recorded',
      recordAt(['important', 'passed'], ['finish', 'passed']),
      '## ✅ v1.1.0 is live in production',
    ],
    ['held', recordAt(['validate', 'held']), '## 🟨 production runs v1.1.0: not everything could be shown'],
    [
      'held by a limit',
      withVerdict(recordAt(['important', 'held']), 'fail'),
      '## 🟨 production runs v1.1.0: a limit is broken',
    ],
    ['not validated', recordAt(['validate', 'failed']), '## 🟥 production runs v1.1.0: something is wrong'],
    [
      'rolled back',
      recordAt(['rollout', 'failed'], ['rollback', 'rolled-back']),
      '## 🟧 production is back on v1.0.0: v1.1.0 was rolled back',
    ],
    [
      'not rolled back',
      recordAt(['rollout', 'failed'], ['rollback', 'rollback-failed']),
      '## 🟥 production is not well: the rollback of v1.1.0 failed',
    ],
    [
      'stopped on the way back',
      recordAt(['rollout', 'failed'], ['rollback', 'cancelled']),
      '## 🟥 production is not well: the rollback of v1.1.0 was stopped',
    ],
    [
      'not taken back, because somebody else is at it or the schema forbids it',
      recordAt(['rollout', 'cancelled'], ['rollback', 'blocked']),
      '## 🟥 production is not taken back from v1.1.0: its rollback is blocked',
    ],
  ])('%s', (_, record, line) => {
    expect(firstLine(record)).toBe(line)
  })

  it('says until when a watch waits for what is wrong', () => {
    const since = '2026-11-23T10:40:00Z'
    const watched = (kind: 'breached' | 'missing' | 'undecided') => ({
      ...recordAt(['rollout', 'passed'], ['validate', 'passed']),
      watch: {
        stage: 'important' as const,
        since: '2026-11-23T10:30:00Z',
        until: '2026-11-23T11:30:00Z',
        lookedAt: '2026-11-23T10:45:00Z',
        troubles: [{ gate: 'dlq-rate', kind, since, answer: 'It is 1.2 per min.' }],
        gates: [],
      },
    })
    const said = (kind: 'breached' | 'missing' | 'undecided') =>
      renderTicket({ record: watched(kind) }, runbook).body
    expect(said('breached')).toContain('it is watched until 12:30 CET (11:30 UTC), and a limit is broken')
    expect(said('breached')).toContain('unless it heals by 11:50 CET (10:50 UTC)')
    expect(said('missing')).toContain('and not everything is known')
    expect(said('undecided')).toContain('and a limit is reached, perhaps by chance')
    expect(said('undecided')).toContain('unless it heals by 12:40 CET (11:40 UTC)')
  })

  it('says so where a job died before it could', () => {
    const stopped = 'failed'
    expect(firstLine(recordAt(['plan', 'passed']), { stopped })).toBe(
      '## 🟥 production is unchanged: v1.1.0 stopped after plan',
    )
    expect(firstLine(recordAt(['re-check', 'passed']), { stopped })).toBe(
      '## 🟥 production may run two versions: v1.1.0 stopped after re-check',
    )
    const approved = recordAt(['approve', 'passed'])
    expect(firstLine(approved, { stopped })).toBe(
      '## 🟥 production is unchanged: v1.1.0 stopped after approve',
    )
    // At the end nothing newer has come: nobody knows how far production got.
    expect(firstLine({ ...approved, closedAt: '2026-11-23T11:00:00Z' }, { stopped })).toBe(
      '## 🟥 production may run two versions: v1.1.0 stopped after approve',
    )
    expect(firstLine(recordAt(['rollout', 'passed']), { stopped: 'cancelled' })).toBe(
      '## 🟥 production was changed and not validated: v1.1.0 was cancelled after rollout',
    )
    expect(firstLine(recordAt(['important', 'passed']), { stopped })).toBe(
      '## ✅ v1.1.0 is live in production',
    )
  })

  it('tells what staging found, and that production is unchanged', () => {
    const staging = { ...recordAt(['rollout', 'failed', 'its container crashes']), environment: 'staging' }
    const { body, labels } = renderTicket({ record: recordAt(['plan', 'passed']), staging }, runbook)
    expect(body).toMatch(/^## 🟥 production is unchanged: v1\.1\.0 failed in staging\n/)
    expect(body).toContain('**Why:** its container crashes')
    expect(body).toContain('| 🟥 staging: rollout | failed |')
    expect(labels).toEqual(['deployment', 'deployment-failed'])
  })
})

describe('a ticket', () => {
  it('says who approved a rollback that somebody was asked for', () => {
    const at = '2026-11-23T03:00:00.000Z'
    const run = { id: '900', attempt: '1', url: 'https://github.example/runs/900', actor: 'olga' }
    const approval = { environment: 'production-on-call', by: 'tina', comment: 'go', seenAt: at }
    const back = { target: 'v1.0.0', reason: 'critical bug', run, at, approval }
    const record = { ...recordAt(['rollout', 'failed'], ['rollback', 'rolled-back']), rollback: back }
    expect(renderTicket({ record }, runbook).body).toContain(
      '**Rollback Approved By**: @tina (production-on-call): go',
    )
  })

  it('of a configuration change tells which keys, and is found again like any other', () => {
    const digest = `sha256:${'0'.repeat(64)}`
    const record = recordOf({
      version: 'v1.0.0',
      class: 'configuration',
      configuration: {
        configMap: 'settings',
        file: 'config/settings.yaml',
        changes: [{ key: 'LEVEL', change: 'changed' }],
        before: digest,
        after: digest,
      },
    })
    const { title, body } = renderTicket({ record }, runbook)
    expect(title).toBe('Deploy v1.0.0 with a new configuration to production (configuration)')
    expect(body).toContain('- LEVEL: changed')
    expect(body.split('\n').at(-1)).toBe(ticketMarker(deploymentName(record)))
  })

  const approved = {
    ...recordAt(['plan', 'passed'], ['preflight', 'passed']),
    approvals: [
      {
        environment: 'production-product-owner',
        by: 'marc',
        comment: 'looks good',
        seenAt: '2026-11-23T10:05:00Z',
      },
    ],
  }

  it('is the runbook’s template, filled in', () => {
    const { title, body, labels, state } = renderTicket({ record: approved }, runbook)
    expect(title).toBe('Deploy v1.1.0 to production (minor)')
    expect(labels).toEqual(['deployment'])
    expect(state).toBe('open')
    expect(body).toBe(wholeTicket)
  })

  it('is closed only where nothing is bad', () => {
    const live = recordAt(['important', 'passed'], ['finish', 'passed'])
    expect(renderTicket({ record: live, isDone: true }, runbook).state).toBe('closed')
    expect(renderTicket({ record: live }, runbook).state).toBe('open')
    const failed = recordAt(['validate', 'failed'])
    expect(renderTicket({ record: failed, isDone: true }, runbook)).toMatchObject({
      state: 'open',
      labels: ['deployment', 'deployment-failed'],
    })
  })

  it('keeps the labels that people gave it, and takes back its own', () => {
    const rendered = renderTicket({ record: recordAt(['important', 'passed']) }, runbook)
    expect(ticketLabels(['team-a', 'deployment', 'deployment-failed'], rendered, runbook)).toEqual([
      'team-a',
      'deployment',
    ])
  })

  it('keeps what a person ticked, and what they wrote behind it', () => {
    const { body } = renderTicket({ record: approved }, runbook)
    const edited = body
      .replace('- [ ] Rollback plan', '- [x] Rollback plan')
      .replace(
        '- [ ] Documentation need not change, because:',
        '- [x] Documentation need not change, because: only *moved* code',
      )
      .replaceAll('\n', '\r\n')
    const again = renderTicket({ record: approved, tasks: readTasks(edited) }, runbook).body
    expect(ticked(again)).toEqual(['Rollback plan: tested'])
    const exception = readTasks(again).get(docsNotApplicable.key)!
    expect(exception.isTicked).toBe(true)
    expect(noteOf(exception, docsNotApplicable.text)).toBe('only *moved* code')
    expect(renderTicket({ record: approved, tasks: readTasks(again) }, runbook).body).toBe(again)
  })

  it('takes no tick from a log', () => {
    const record = recordAt(['validate', 'failed'])
    const gate = {
      ...record.phases[0]!.gates[0]!,
      evidence: ['**Checklist**, before approving:', '', taskOf('Load test')],
    }
    const hostile = { ...record, phases: [{ ...record.phases[0]!, gates: [gate] }] }
    const { body } = renderTicket({ record: hostile }, runbook)
    expect(body).toContain(`\n${taskOf('Load test')}\n`)
    expect(ticked(body)).toEqual([])
  })

  it('links work items where the runbook says where they live', () => {
    const linked = book('ticket: { link: "https://tracker.example/browse/{item}" }')
    const { body } = renderTicket({ record: approved }, linked)
    expect(body).toContain(
      '- [\\[WP-123\\]](https://tracker.example/browse/WP-123) Optimize upload performance',
    )
  })

  it('says what a release takes away, and what is not listed', () => {
    const record = { ...approved, changes: { ...changes, total: 200, missing: 2 } }
    const { body } = renderTicket({ record }, runbook)
    expect(body).toContain('- and 197 commits more')
    expect(body).toContain('⚠️ What ran before has 2 commits that this version has not.')
  })

  it('tells the diagnosis of a rollout that failed, until another attempt has passed', () => {
    const diagnosis = {
      kind: 'image-not-found' as const,
      sentence: 'There is no such image.',
      advice: ['# Check image exists in registry', 'docker pull x'],
      section: { title: 'Pods Not Starting', anchor: 'pods-not-starting' },
      evidence: ['manifest unknown'],
    }
    const { phases, ...record } = recordAt(['rollout', 'failed'], ['rollout', 'passed'])
    const failed = { ...phases[0]!, diagnosis }
    const { body } = renderTicket({ record: { ...record, phases: [failed] } }, runbook)
    expect(body).toContain('as the runbook has it under Pods Not Starting')
    expect(body).toContain('docker pull x')
    expect(body).toContain('manifest unknown')
    const { body: later } = renderTicket({ record: { ...record, phases: [failed, phases[1]!] } }, runbook)
    expect(later).not.toContain('docker pull x')
  })

  it('says where the changes are not known', () => {
    const { changes: _, ...record } = approved
    expect(renderTicket({ record }, runbook).body).toContain('**Changes**: not known')
  })

  it('has the totals of the offset receipt of a rollback', () => {
    const at = '2026-11-23T10:05:00.000Z'
    const receipt: OffsetReceipt = {
      source: 'kafka at b-1:9092',
      groups: [
        {
          group: 'workers',
          deployments: ['download-worker'],
          from: at,
          until: at,
          topics: { events: [[0, 5, 9]] },
        },
      ],
      notKnown: [],
    }
    const { run } = recordOf()
    const record = recordOf({ rollback: { target: 'v1.0.0', reason: 'critical bug', run, at, receipt } })
    const { body } = renderTicket({ record }, runbook)
    expect(body).toContain('| workers | events | 1 | 4 |')
    expect(body).not.toContain('--reset-offsets')
  })

  it('goes back by revision once there is a snapshot, last component first', () => {
    const deployments = ['event-ingester', 'download-worker', 'result-processor'].map(
      (deployment, index) => ({
        deployment,
        uid: deployment,
        revision: String(index + 3),
        replicas: 2,
        annotations: {},
        template: {},
        digests: {},
      }),
    )
    const snapshot = { at: '2026-11-23T10:00:00Z', deployments, configMaps: [], secrets: [] }
    expect(renderTicket({ record: { ...approved, snapshot } }, runbook).body).toContain(
      [
        'kubectl rollout undo deployment/result-processor --to-revision=5 -n kafka-pipeline',
        'kubectl rollout undo deployment/download-worker --to-revision=4 -n kafka-pipeline',
      ].join('\n'),
    )
  })
})

const hostile = [
  '@acme/everyone',
  '@root',
  'fixes #1',
  'GH-7',
  '<img src=https://evil.example onerror=x>',
  '</details>',
  '[click](https://evil.example)',
  '<!-- runbook-actions:ticket:other -->',
  '`',
  '```',
  '|',
  '\n',
  '\u202e',
  '- [x] Load test',
  'https://evil.example/x',
  '- ',
  ' ',
  'WP-1',
]
const text = fc.array(fc.constantFrom(...hostile), { maxLength: 12 }).map((parts) => parts.join(''))

/** The Markdown outside of fences: inside nothing is markup. */
function outsideFences(body: string): string {
  const kept: string[] = []
  let open: string | undefined
  for (const line of body.split('\n')) {
    const ticks = /^`{3,}/.exec(line)?.[0]
    if (open === undefined && ticks !== undefined) open = ticks
    else if (open !== undefined && line === open) open = undefined
    else if (open === undefined) kept.push(line)
  }
  expect(open).toBeUndefined()
  return kept.join('\n')
}

describe('text from outside', () => {
  const story = fc
    .record({
      reason: text,
      subject: text,
      title: text,
      comment: text,
      answer: text,
      evidence: text,
      by: text,
    })
    .map(({ reason, subject, title, comment, answer, evidence, by }) => {
      const record = recordAt(['plan', 'passed'], ['preflight', 'blocked', reason])
      const [plan, preflight] = record.phases
      const gates = preflight!.gates.map((gate) => ({ ...gate, answer, evidence: [evidence] }))
      return {
        ...record,
        phases: [plan!, { ...preflight!, gates }],
        approvals: [{ environment: 'e', by, comment, seenAt: '2026-11-23T10:05:00Z' }],
        changes: {
          ...changes,
          list: [
            {
              commit: 'c'.repeat(40),
              subject,
              items: [{ key: 'WP-1', text: subject }],
              pulls: [{ number: 1, title, url: 'https://github.example/acme/x/pull/1' }],
            },
          ],
        },
      }
    })

  it('mentions nobody, refers to nothing, links nowhere and is no HTML', () => {
    fc.assert(
      fc.property(story, (record) => {
        const { body } = renderTicket({ record }, runbook)
        const markdown = outsideFences(body)
        const ours = new Set(['@rosa', ...record.approvals.map(({ by }) => `@${by}`)])
        expect((markdown.match(/@[\p{L}\p{N}][\w-]*/gu) ?? []).filter((name) => !ours.has(name))).toEqual([])
        expect(markdown).not.toMatch(/#\d/)
        expect(markdown).not.toMatch(/(?<![\w@-])GH-\d/)
        expect(markdown.match(/https?:\/\/[\w.]+/g)?.filter((url) => url.includes('evil')) ?? []).toEqual([])
        expect(
          markdown
            .match(/<[a-z/!][^>]*>/g)
            ?.filter(
              (tag) =>
                !/^<\/?(details|summary)>$|^<!-- (runbook-actions:ticket:kafka|[0-9a-f]{8} -->$)/.test(tag),
            ) ?? [],
        ).toEqual([])
        expect(markdown.match(/<details>/g)?.length ?? 0).toBe(markdown.match(/<\/details>/g)?.length ?? 0)
        expect(markedDeployment(body)).toBe(deploymentName(record))
        expect(ticked(body)).toEqual([])
      }),
      { numRuns: 200 },
    )
  })
})

describe('a ticket that would be too long', () => {
  it('loses evidence, then the ends of long texts, and never a phase, a component or the marker', () => {
    const long = 'x<y & *z* '.repeat(2_000)
    const record = recordAt(['plan', 'passed'], ['preflight', 'blocked', long])
    const phases = record.phases.map((phase) => ({
      ...phase,
      gates: Array.from({ length: 20 }, (_, index) => ({
        ...phase.gates[0]!,
        gate: `gate-${index}`,
        answer: long,
        evidence: Array.from({ length: 500 }, () => long.slice(0, 200)),
      })),
    }))
    const list = Array.from({ length: 100 }, (_, index) => ({
      commit: String(index).padStart(40, '0'),
      subject: long.slice(0, 200),
      items: [],
      pulls: [
        {
          number: index + 1,
          title: long.slice(0, 200),
          url: `https://github.example/acme/x/pull/${index + 1}`,
        },
      ],
    }))
    const { body } = renderTicket({ record: { ...record, phases, changes: { ...changes, list } } }, runbook)
    expect(Buffer.byteLength(body)).toBeLessThanOrEqual(maxTicketLength)
    expect(Buffer.byteLength(body)).toBeGreaterThan(maxTicketLength / 3)
    expect(body).toContain('## 🟥 production is unchanged: v1.1.0 is blocked at preflight')
    expect(body).toContain('| 🟥 preflight | blocked |')
    expect(body).toContain('  - result-processor: ')
    expect(markedDeployment(body)).toBe(deploymentName(record))
  })
})
