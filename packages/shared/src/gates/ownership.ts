import type { Deployment } from '../cluster/component.ts'
import { imagePath, managersOf } from '../cluster/field-managers.ts'
import { ownersOf, type Owner } from '../cluster/owners.ts'
import { worst, type Verdict } from '../decide/verdict.ts'
import type { PlannedComponent } from '../record/schema.ts'
import type { Gate } from './gate.ts'

/** A rollout that another tool undoes is worse than none: it looks done, and its rollback is undone as well. */
export const ownership: Gate<'cluster'> = {
  name: 'ownership',
  question: 'Nothing else manages what this deployment writes',
  occasions: ['preflight', 're-check'],
  mode: (runbook) => runbook.gates.ownership.mode,
  query: ({ cluster, record }) =>
    `kubectl get deployment -n ${cluster.namespace} ${record.plan.map(({ deployment }) => deployment).join(' ')} -o yaml --show-managed-fields`,
  async measure({ record, cluster }, signal) {
    const states = await cluster.components(
      record.plan.map(({ deployment }) => deployment),
      signal,
    )
    const findings = record.plan.flatMap((component) => {
      const state = states.get(component.deployment)
      return state === undefined ? [] : [ownershipFinding(component, state.deployment)]
    })
    const bad = findings.filter(({ verdict }) => verdict !== 'pass')
    return {
      verdict: worst(findings.map(({ verdict }) => verdict)),
      answer:
        bad.length === 0
          ? `Nothing else manages the ${findings.length} Deployments.`
          : bad.map(({ sentence }) => sentence).join(' '),
      // What stops comes first: the summary shows the first lines.
      evidence: [...bad, ...findings.filter(({ verdict }) => verdict === 'pass')].flatMap(
        ({ evidence }) => evidence,
      ),
    }
  },
}

interface Finding {
  readonly verdict: Verdict
  readonly sentence: string
  readonly evidence: readonly string[]
}

/** What it means for one component that others manage its Deployment. */
export function ownershipFinding(
  { deployment: name, container, manifest }: PlannedComponent,
  deployment: Deployment,
): Finding {
  const owners = ownersOf(deployment, container)
  const writers = managersOf(deployment, imagePath(container)).map(({ manager }) => manager)
  const evidence = [
    ...owners.map((owner) => `${name}: ${owner.name} (${owner.shownBy})${remark(owner)}`),
    `${name}: image last written by ${writers.join(', ') || 'nobody that the API server remembers'}`,
  ]
  const [worstOwner] = owners.toSorted((a, b) => rank(b) - rank(a))
  if (worstOwner === undefined || worstOwner.reverts === 'never')
    return { verdict: 'pass', sentence: '', evidence }
  const managed = `${name} is managed by ${worstOwner.name}`
  // A manifest is more than an image: chart and file would each write the whole object.
  if (worstOwner.tool === 'Helm' && manifest !== undefined) {
    const sentence = `${managed}, and ${manifest} would write the same fields. Release the manifest's changes by the chart, and take "manifest" out of the runbook file.`
    return { verdict: 'fail', sentence, evidence }
  }
  return {
    verdict: worstOwner.reverts === 'by-itself' ? 'fail' : 'warn',
    sentence: `${managed}, ${consequence(worstOwner)}`,
    evidence,
  }
}

function rank({ reverts }: Owner): number {
  return ['never', 'at-next-command', 'by-itself'].indexOf(reverts)
}

function remark({ reverts }: Owner): string {
  return reverts === 'never' ? ': leaves it alone' : ''
}

function consequence({ tool }: Owner): string {
  switch (tool) {
    case 'Argo CD':
      return 'whose self-heal would undo this rollout and any rollback of it. Release through Argo CD; or let it ignore the image (ignoreDifferences, RespectIgnoreDifferences=true) and set gates.ownership.mode: warn.'
    case 'Flux':
      return 'which would undo this rollout and any rollback of it. Release through Flux; or make it leave the Deployment alone (annotation kustomize.toolkit.fluxcd.io/reconcile: disabled; for a HelmRelease "flux suspend" and gates.ownership.mode: warn).'
    case 'operator':
      return 'which would undo this rollout and any rollback of it. Change the image in that object; or set gates.ownership.mode: warn if its controller leaves the image alone.'
    case 'Helm':
      return 'whose next "helm upgrade" or "helm rollback" puts the image of its chart back: give it the new image as a value then.'
  }
}
