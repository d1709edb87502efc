import { describe, expect, it } from '@jest/globals'
import type { RolloutEnd } from '@runbook-actions/shared/cluster/follow-rollout.ts'
import { planned, recordOf } from '@runbook-actions/shared/record/record.fixture.ts'
import type { ComponentRollout } from './component-rollout.ts'
import { rolloutSummary } from './summary.ts'

const record = recordOf({ plan: [planned('worker', { replicas: 6 })] })
const end = (fewestReady: number): RolloutEnd => ({
  outcome: 'complete',
  reason: 'deployment "worker" successfully rolled out',
  evidence: [],
  signals: [],
  revision: '2',
  fewestReady,
})

function text(change: Partial<ComponentRollout>, dryRun = false): string {
  const rolled = [
    {
      component: planned('worker', { replicas: 6 }),
      written: true,
      changes: [],
      promisedReady: 5,
      isWoken: false,
      ...change,
    },
  ]
  const story = {
    record,
    outcome: 'passed',
    reason: '',
    rolled,
    changed: new Set<string>(),
    held: [],
    isGoingBack: false,
    dryRun,
  } as const
  return rolloutSummary(story)
    .map((part) => (part.kind === 'decision' ? part.markdown : `<${part.title}>\n${part.text}`))
    .join('\n')
}

describe('rolloutSummary', () => {
  it.each<[string, Partial<ComponentRollout>, string]>([
    ['no downtime', { end: end(5) }, 'Downtime: none. No component had fewer pods Ready'],
    [
      'fewer pods than the strategy promises',
      { end: end(3) },
      '⚠️ Downtime: worker had only 3 pods Ready at one time, where its strategy promises 5.',
    ],
    [
      'Recreate, which promises none',
      { end: end(0), promisedReady: 0 },
      '⚠️ Downtime: worker had no pod Ready for a time.',
    ],
  ])('says whether the runbook’s "Downtime: none" held: %s', (_, change, words) => {
    expect(text(change)).toContain(words)
  })

  it.each<[string, Partial<ComponentRollout>]>([
    ['was not written', { written: false, end: end(6) }],
    ['has no pods', { component: planned('worker', { replicas: 0 }), promisedReady: 0, end: end(0) }],
  ])('says nothing of downtime of a component that %s', (_, change) => {
    expect(text(change)).not.toContain('Downtime')
  })

  const changes = [
    {
      object: 'Deployment worker',
      fields: [{ field: 'spec.template.spec.containers[worker].image', before: '"v1"', after: '"v2"' }],
    },
  ]
  const line = '# Deployment worker\nspec.template.spec.containers[worker].image: "v1" → "v2"'

  it('shows of a dry run what would change, field by field', () => {
    expect(text({ written: false, changes }, true)).toContain(`**Would change:**\n\n\`\`\`\n${line}`)
  })

  it('folds what changed away where it was done', () => {
    expect(text({ changes, end: end(6) })).toContain(`<What changed>\n${line}`)
  })
})
