import { describe, expect, it } from '@jest/globals'
import type { Diagnosis } from '../record/diagnosis.ts'
import { diagnosisAdvice, diagnosisEvidence } from './diagnosis.ts'
import { fitSummary } from './fit-summary.ts'

const diagnosis: Diagnosis = {
  kind: 'crash',
  sentence: 'Pod a: it crashes.',
  advice: ['# Check pod logs for startup errors', 'kubectl logs -n kafka-pipeline a'],
  section: { title: 'Pods Crashing (CrashLoopBackOff)', anchor: 'pods-crashing-crashloopbackoff' },
  evidence: ['a | one', 'a | </code></details>``` @everyone \u001b[31m'],
}

describe('a diagnosis in a summary', () => {
  it('links to the section of the team’s runbook', () => {
    expect(diagnosisAdvice(diagnosis, 'https://wiki.example/runbook.md')).toBe(
      `**What to do**, as the runbook has it under [Pods Crashing \\(CrashLoopBackOff\\)](https://wiki.example/runbook.md#pods-crashing-crashloopbackoff):

\`\`\`bash
# Check pod logs for startup errors
kubectl logs -n kafka-pipeline a
\`\`\``,
    )
  })

  it('names the section where nobody said where the runbook is', () => {
    expect(diagnosisAdvice(diagnosis).split('\n')[0]).toBe(
      '**What to do**, as the runbook has it under Pods Crashing \\(CrashLoopBackOff\\):',
    )
  })

  it('folds its evidence, in which nothing is markup', () => {
    expect(fitSummary([diagnosisEvidence(diagnosis)])).toBe(
      `<details><summary>What shows it: events and last log lines</summary>

\`\`\`\`
a | one
a | </code></details>\`\`\` @everyone 
\`\`\`\`

</details>
`,
    )
    expect(fitSummary([diagnosisEvidence({ ...diagnosis, evidence: [] })])).toContain(
      'Kubernetes told nothing',
    )
  })
})
