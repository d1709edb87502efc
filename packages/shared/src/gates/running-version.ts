import { nameOf } from '../cluster/component.ts'
import { runningDigests } from '../cluster/image.ts'
import type { DeployedComponent } from '../record/schema.ts'
import type { ComponentState } from '../cluster/component.ts'
import type { Gate } from './gate.ts'

/** A tag can move and a template can lie; what a node pulled cannot. So every pod is asked for its digest. */
export const runningVersion: Gate<'cluster'> = {
  name: 'running-version',
  question: 'Verify all pods running new version',
  occasions: ['post-deploy'],
  query: ({ cluster }) =>
    `kubectl get pods -n ${cluster.namespace} -o jsonpath='{range .items[*]}{.metadata.name}{"\\t"}{.status.containerStatuses[*].imageID}{"\\n"}{end}'`,
  async measure({ record, cluster }, signal) {
    const { deployed } = record
    if (deployed.length === 0)
      return { verdict: 'fail', answer: 'The record names no component that was deployed.' }
    const states = await cluster.components(
      deployed.map(({ deployment }) => deployment),
      signal,
    )
    const findings = deployed.map((component) => finding(component, states.get(component.deployment)))
    const wrong = findings.filter((entry) => entry.wrong > 0)
    const pods = findings.reduce((sum, entry) => sum + entry.right, 0)
    const all = findings.reduce((sum, entry) => sum + entry.right + entry.wrong, 0)
    const evidence = findings.flatMap((entry) => entry.lines)
    const value = `${pods}/${all} pods`
    if (wrong.length > 0) {
      const names = wrong.map(({ name, wrong: count }) => `${name} (${count})`).join(', ')
      return {
        verdict: 'fail',
        answer: `Pods run something else than ${record.version}: ${names}.`,
        value,
        evidence,
      }
    }
    if (pods === 0)
      return { verdict: 'inconclusive', answer: 'No pod runs: nothing is shown.', value, evidence }
    return {
      verdict: 'pass',
      answer: `All ${pods} pods run the recorded digests of ${record.version}.`,
      value,
      evidence,
    }
  },
}

interface Finding {
  readonly name: string
  readonly right: number
  readonly wrong: number
  readonly lines: readonly string[]
}

function finding(
  { deployment, container, digest }: DeployedComponent,
  state: ComponentState | undefined,
): Finding {
  if (state === undefined)
    return { name: deployment, right: 0, wrong: 1, lines: [`${deployment}: does not exist`] }
  const counts = runningDigests(state, container)
  const right = counts.get(digest) ?? 0
  const total = [...counts.values()].reduce((sum, count) => sum + count, 0)
  const lines = [...counts].map(
    ([found = 'nothing pulled yet', count]) => `${nameOf(state.deployment)}: ${count} pods on ${found}`,
  )
  return { name: deployment, right, wrong: total - right, lines }
}
