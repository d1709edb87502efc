import { imageLabel } from '@runbook-actions/shared/cluster/image.ts'
import type { DeploymentPlan } from '@runbook-actions/shared/cluster/plan-deployment.ts'
import type { SummaryPart } from '@runbook-actions/shared/report/fit-summary.ts'
import { cell, code, inline, table } from '@runbook-actions/shared/report/markdown.ts'

/** What will happen, before anything does. */
export function planSummary({ record, decided, adopts }: DeploymentPlan, risk: string): SummaryPart[] {
  const { version, environment, from, plan, strategy, approval, run } = record
  const running = from?.version ?? 'what runs now'
  const lines = [
    `## 📋 ${inline(version)} over ${inline(running)} on ${inline(environment)}`,
    `**Do:** nothing yet. ${inline(approval)} is asked after staging and preflight.`,
    `${inline(classSentence(decided))} · risk ${inline(risk)} · ${strategy} · by @${inline(run.actor)}`,
    ...(adopts
      ? ['', `⚠️ No record says which version runs. What runs now is adopted as known good if it is healthy.`]
      : []),
  ]
  const rows = plan.map(
    ({ deployment, from: current, to, replicas, autoscaler, manifest, strategy: how }) => [
      cell(deployment),
      code(imageLabel(current)),
      code(imageLabel(to, current)),
      cell(autoscaler === undefined ? String(replicas) : `${replicas}, ${autoscaler}`),
      cell(howWords(how, { manifest, isSame: current === to })),
    ],
  )
  const columns = [
    { title: 'Component' },
    { title: 'Runs' },
    { title: 'Will run' },
    { title: 'Pods', align: 'right' as const },
    { title: 'How' },
  ]
  return [
    { kind: 'decision', markdown: lines.join('\n') },
    { kind: 'decision', markdown: table(columns, rows) },
  ]
}

function howWords(
  how: string,
  { manifest, isSame }: { manifest: string | undefined; isSame: boolean },
): string {
  if (manifest !== undefined) return `${how}; applies ${manifest}`
  return isSame ? 'has it already: nothing to roll' : how
}

function classSentence({ class: chosen, found, adjustment, reason }: DeploymentPlan['decided']): string {
  const because = reason === undefined ? '' : ` (${reason})`
  switch (adjustment) {
    case 'none':
      return `${chosen} change`
    case 'raised':
      return `${chosen} change, raised from ${found ?? 'none'}${because}`
    case 'lowered':
      return `${chosen} change, lowered from ${found ?? 'none'}${because}`
    case 'first-deployment':
      return `first deployment, as a ${chosen} change`
  }
}
