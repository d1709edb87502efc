import { expect, it } from '@jest/globals'
import { appendPhase } from '../record/append.ts'
import { planned, recordOf } from '../record/record.fixture.ts'
import type { DeploymentRecord, PlannedComponent } from '../record/schema.ts'
import { asFound } from './as-found.ts'

const names = ['event-ingester', 'download-worker']

/** Planned over v1.0.0 where the Deployments have these images. */
function foundWith(...versions: string[]): DeploymentRecord {
  const plan = versions.map((version, index): PlannedComponent =>
    planned(names[index] ?? '', { from: `registry.local/${names[index] ?? ''}:${version}` }),
  )
  const components = names.map((deployment) => ({
    deployment,
    container: deployment,
    image: `registry.local/${deployment}:v1.0.0`,
    digest: `sha256:${'0'.repeat(64)}`,
    pods: 2,
  }))
  const from = { recordId: 'x', version: 'v1.0.0', at: '2026-11-20T10:00:00Z', components }
  return recordOf({ plan, from })
}

function rechecked(gate: string, verdict: 'pass' | 'warn' | 'fail'): DeploymentRecord {
  const at = new Date('2026-11-23T10:00:00Z')
  const answer = { gate, verdict, question: 'q', answer: 'a', evidence: [], at: at.toISOString(), tookMs: 1 }
  const phase = { phase: 're-check' as const, outcome: 'blocked' as const, reason: 'a', gates: [answer] }
  return appendPhase(foundWith('v1.0.0', 'v1.0.0'), { ...phase, startedAt: at, endedAt: at })
}

const left = 'is not on v1.0.0 any more, since an earlier attempt'

it.each<[string, DeploymentRecord, string]>([
  ['on the last good release', foundWith('v1.0.0', 'v1.0.0'), 'is unchanged'],
  ['half-way', foundWith('v1.1.0', 'v1.0.0'), left],
  ['rolled out, but not good yet', foundWith('v1.1.0', 'v1.1.0'), left],
  ['with work of its own since the plan', rechecked('unchanged-since-plan', 'warn'), left],
  ['with no good release before it', recordOf(), 'is unchanged'],
  ['and nobody else at work', rechecked('no-other-deployment', 'pass'), 'is unchanged'],
  ['by another run', rechecked('no-other-deployment', 'fail'), 'is or was changed by another run'],
  ['changed since', rechecked('unchanged-since-plan', 'fail'), 'was changed by somebody else'],
  ['unwell', rechecked('production-healthy', 'fail'), 'is unchanged'],
])('what was found %s', (_, record, state) => {
  expect(asFound(record).state).toBe(state)
})
