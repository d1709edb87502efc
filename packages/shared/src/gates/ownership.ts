import type { FoundConfigMap } from '../cluster/cluster.ts'
import type { Deployment } from '../cluster/component.ts'
import { managersOf } from '../cluster/field-managers.ts'
import { dataField, imageField, ownersOf, worstOwner, type Owner, type OwnField } from '../cluster/owners.ts'
import type { AnyObject } from '../cluster/resources.ts'
import { worst, type Verdict } from '../decide/verdict.ts'
import type { PlannedComponent } from '../record/schema.ts'
import type { Gate } from './gate.ts'
import { counted } from './released-commits.ts'

/** What another tool undoes is worse than nothing done: it looks done, and its rollback is undone as well. */
export const ownership: Gate<'cluster'> = {
  name: 'ownership',
  question: 'Nothing else manages what this deployment writes',
  occasions: ['preflight', 're-check'],
  mode: (runbook) => runbook.gates.ownership.mode,
  query: ({ cluster, record: { plan, configuration } }) => {
    const objects = [
      ...plan.map(({ deployment }) => `deployment/${deployment}`),
      ...(configuration === undefined ? [] : [`configmap/${configuration.configMap}`]),
    ]
    return `kubectl get -n ${cluster.namespace} ${objects.join(' ')} -o yaml --show-managed-fields`
  },
  async measure({ record, cluster }, signal) {
    const name = record.configuration?.configMap
    const [states, configMap] = await Promise.all([
      cluster.components(
        record.plan.map(({ deployment }) => deployment),
        signal,
      ),
      name === undefined ? undefined : cluster.configMap(name, signal),
    ])
    const findings = [
      ...(configMap === undefined ? [] : [configMapFinding(configMap)]),
      ...record.plan.flatMap((component) => {
        const state = states.get(component.deployment)
        return state === undefined ? [] : [ownershipFinding(component, state.deployment)]
      }),
    ]
    const bad = findings.filter(({ verdict }) => verdict !== 'pass')
    const all = `the ${counted(record.plan.length, 'Deployment')}${name === undefined ? '' : ` and the ConfigMap ${name}`}`
    return {
      verdict: worst(findings.map(({ verdict }) => verdict)),
      answer:
        bad.length === 0 ? `Nothing else manages ${all}.` : bad.map(({ sentence }) => sentence).join(' '),
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
  const { owner, evidence } = lookAt(name, deployment, imageField(container))
  if (owner === undefined) return { verdict: 'pass', sentence: '', evidence }
  const managed = `${name} is managed by ${owner.name}`
  // A manifest is more than an image: chart and file would each write the whole object.
  if (owner.tool === 'Helm' && manifest !== undefined) {
    const sentence = `${managed}, and ${manifest} would write the same fields. Release the manifest's changes by the chart, and take "manifest" out of the runbook file.`
    return { verdict: 'fail', sentence, evidence }
  }
  return {
    verdict: owner.reverts === 'by-itself' ? 'fail' : 'warn',
    sentence: `${managed}, ${consequence(owner)}`,
    evidence,
  }
}

/** What it means that others manage the ConfigMap of a configuration change. A chart writes every value of it anew. */
export function configMapFinding(configMap: FoundConfigMap): Finding {
  const name = `ConfigMap ${configMap.metadata.name ?? ''}`
  const { owner, evidence } = lookAt(name, configMap, dataField)
  if (owner === undefined) return { verdict: 'pass', sentence: '', evidence }
  return {
    verdict: 'fail',
    sentence: `${name} is managed by ${owner.name}, ${configurationConsequence(owner)}`,
    evidence,
  }
}

function lookAt(name: string, object: AnyObject, field: OwnField) {
  const owners = ownersOf(object, field)
  const writers = managersOf(object, field.path).map(({ manager }) => manager)
  return {
    owner: worstOwner(owners),
    evidence: [
      ...owners.map((owner) => `${name}: ${owner.name} (${owner.shownBy})${remark(owner)}`),
      `${name}: ${field.what} last written by ${writers.join(', ') || 'nobody that the API server remembers'}`,
    ],
  }
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

function configurationConsequence({ tool }: Owner): string {
  switch (tool) {
    case 'Argo CD':
      return 'whose self-heal would undo this change and any rollback of it. Change it in the repository of that Application; or let it ignore the data (ignoreDifferences of /data, RespectIgnoreDifferences=true) and set gates.ownership.mode: warn.'
    case 'Flux':
      return 'which would undo this change and any rollback of it. Change it in the repository that Flux reads; or make it leave the ConfigMap alone (annotation kustomize.toolkit.fluxcd.io/reconcile: disabled; for a HelmRelease "flux suspend" and gates.ownership.mode: warn).'
    case 'operator':
      return 'which would undo this change and any rollback of it. Change it in that object; or set gates.ownership.mode: warn if its controller leaves the data alone.'
    case 'Helm':
      return 'whose next "helm upgrade" or "helm rollback" would undo this change. Change it by the values of the chart; or set gates.ownership.mode: warn and put the same into the chart.'
  }
}
