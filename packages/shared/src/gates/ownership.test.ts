import { describe, expect, it } from '@jest/globals'
import { FakeCluster } from '../cluster/cluster.fixture.ts'
import { settledComponent } from '../cluster/component.fixture.ts'
import type { Deployment } from '../cluster/component.ts'
import { dataDigest } from '../cluster/configuration/content-digest.ts'
import { imageField, ownersOf } from '../cluster/owners.ts'
import { planned, recordOf } from '../record/record.fixture.ts'
import { loadRunbook } from '../runbook/load.ts'
import { runGates, type Occasion } from './gate.ts'
import { ownership, ownershipFinding } from './ownership.ts'
import { contextOf } from './sources.fixture.ts'

const name = 'download-worker'
type Metadata = NonNullable<Deployment['metadata']>

function deploymentWith(metadata: Metadata): Deployment {
  const { deployment } = settledComponent({ name })
  return { ...deployment, metadata: { ...deployment.metadata, ...metadata } }
}

/** A managed-fields entry with the image of our container, or with a label only. */
const wrote = (manager: string, operation: string, field: 'image' | 'label') => ({
  manager,
  operation,
  apiVersion: 'apps/v1',
  fieldsType: 'FieldsV1',
  fieldsV1:
    field === 'label'
      ? { 'f:metadata': { 'f:labels': { 'f:app.kubernetes.io/instance': {} } } }
      : {
          'f:spec': {
            'f:template': { 'f:spec': { 'f:containers': { [`k:{"name":"${name}"}`]: { 'f:image': {} } } } },
          },
        },
})

const helmMarks = {
  labels: { 'app.kubernetes.io/managed-by': 'Helm', 'app.kubernetes.io/instance': 'pipeline' },
  annotations: {
    'meta.helm.sh/release-name': 'pipeline',
    'meta.helm.sh/release-namespace': 'kafka-pipeline',
  },
}

/** Metadata as the tools write it, and who that is. */
const table: [string, Metadata, 'pass' | 'warn' | 'fail', string][] = [
  [
    'kubectl apply',
    {
      annotations: { 'kubectl.kubernetes.io/last-applied-configuration': '{}' },
      managedFields: [wrote('kubectl-client-side-apply', 'Update', 'image')],
    },
    'pass',
    '',
  ],
  ['our own rollout', { managedFields: [wrote('runbook-actions', 'Update', 'image')] }, 'pass', ''],
  [
    'Argo CD 3 (tracking by annotation)',
    {
      annotations: {
        'argocd.argoproj.io/tracking-id': `pipeline:apps/Deployment:kafka-pipeline/${name}`,
      },
      managedFields: [wrote('argocd-controller', 'Update', 'image')],
    },
    'fail',
    'the Argo CD Application "pipeline"',
  ],
  [
    'Argo CD, with server-side apply, after somebody else set the image',
    {
      annotations: {
        'argocd.argoproj.io/tracking-id': `argocd_pipeline:apps/Deployment:kafka-pipeline/${name}`,
      },
      managedFields: [wrote('argocd-controller', 'Apply', 'label'), wrote('kubectl-set', 'Update', 'image')],
    },
    'fail',
    'the Argo CD Application "argocd_pipeline"',
  ],
  [
    'Argo CD 2 (tracking by label)',
    {
      labels: { 'app.kubernetes.io/instance': 'pipeline' },
      managedFields: [wrote('argocd-controller', 'Update', 'label')],
    },
    'fail',
    'the Argo CD Application "pipeline"',
  ],
  [
    'Argo CD before 2.5',
    {
      labels: { 'app.kubernetes.io/instance': 'pipeline' },
      managedFields: [wrote('argocd-application-controller', 'Update', 'label')],
    },
    'fail',
    'the Argo CD Application "pipeline"',
  ],
  [
    'Argo CD with a label of its own',
    { labels: { 'argocd.argoproj.io/instance': 'pipeline' } },
    'fail',
    'the Argo CD Application "pipeline"',
  ],
  [
    'Argo CD with a label that we do not know',
    { managedFields: [wrote('argocd-controller', 'Apply', 'image')] },
    'fail',
    'Argo CD',
  ],
  [
    'an object copied together with its tracking annotation',
    { annotations: { 'argocd.argoproj.io/tracking-id': 'pipeline:apps/Deployment:kafka-pipeline/original' } },
    'pass',
    'the Argo CD Application "pipeline"',
  ],
  [
    'an object that Argo CD wrote once and no longer tracks',
    { managedFields: [wrote('argocd-controller', 'Apply', 'label')] },
    'pass',
    'Argo CD',
  ],
  [
    'a chart rendered by Argo CD: it bears the label of Helm, and is no release',
    {
      labels: helmMarks.labels,
      annotations: {
        'argocd.argoproj.io/tracking-id': `pipeline:apps/Deployment:kafka-pipeline/${name}`,
      },
    },
    'fail',
    'the Argo CD Application "pipeline"',
  ],
  [
    'Flux Kustomization',
    {
      labels: {
        'kustomize.toolkit.fluxcd.io/name': 'apps',
        'kustomize.toolkit.fluxcd.io/namespace': 'flux-system',
      },
      managedFields: [wrote('kustomize-controller', 'Apply', 'image')],
    },
    'fail',
    'the Flux Kustomization "flux-system/apps"',
  ],
  [
    'Flux Kustomization that was told to leave it alone',
    {
      labels: { 'kustomize.toolkit.fluxcd.io/name': 'apps' },
      annotations: { 'kustomize.toolkit.fluxcd.io/reconcile': 'disabled' },
    },
    'pass',
    'the Flux Kustomization "/apps"',
  ],
  [
    'Flux Kustomization that only makes it where it is missing',
    {
      labels: { 'kustomize.toolkit.fluxcd.io/name': 'apps' },
      annotations: { 'kustomize.toolkit.fluxcd.io/ssa': 'IfNotPresent' },
    },
    'pass',
    'the Flux Kustomization "/apps"',
  ],
  [
    'Flux HelmRelease: Helm’s marks are not a second owner',
    {
      labels: {
        ...helmMarks.labels,
        'helm.toolkit.fluxcd.io/name': 'pipeline',
        'helm.toolkit.fluxcd.io/namespace': 'flux-system',
      },
      annotations: helmMarks.annotations,
      managedFields: [wrote('helm-controller', 'Update', 'image')],
    },
    'fail',
    'the Flux HelmRelease "flux-system/pipeline"',
  ],
  [
    'Helm release',
    { ...helmMarks, managedFields: [wrote('helm', 'Update', 'image')] },
    'warn',
    'the Helm release "kafka-pipeline/pipeline"',
  ],
  [
    'helm template | kubectl apply',
    { labels: helmMarks.labels, managedFields: [wrote('kubectl-client-side-apply', 'Update', 'image')] },
    'pass',
    '',
  ],
  [
    'a Deployment of an operator',
    {
      ownerReferences: [
        { apiVersion: 'pipelines.example/v1', kind: 'Pipeline', name: 'main', uid: 'u', controller: true },
      ],
    },
    'fail',
    'the controller of Pipeline "main"',
  ],
]

describe('ownership', () => {
  it.each(table)('%s', (_, metadata, verdict, owner) => {
    const deployment = deploymentWith(metadata)
    expect(
      ownersOf(deployment, imageField(name))
        .map((found) => found.name)
        .join(),
    ).toBe(owner)
    const finding = ownershipFinding(planned(name), deployment)
    expect(finding.verdict).toBe(verdict)
    expect(finding.evidence.join('\n')).toContain(owner)
  })

  it('names the worst owner, what it would do, and what to do about it', () => {
    const both = deploymentWith({
      ...helmMarks,
      annotations: {
        ...helmMarks.annotations,
        'argocd.argoproj.io/tracking-id': `pipeline:apps/Deployment:kafka-pipeline/${name}`,
      },
    })
    const { verdict, sentence } = ownershipFinding(planned(name), both)
    expect(verdict).toBe('fail')
    expect(sentence).toMatch(
      /^download-worker is managed by the Argo CD Application "pipeline", whose self-heal/,
    )
    expect(sentence).toMatch(/gates.ownership.mode: warn/)
  })

  it('fails for a Helm release where a manifest would write the same object', () => {
    const component = planned(name, { manifest: 'deployments/worker.yaml' })
    expect(ownershipFinding(component, deploymentWith(helmMarks))).toMatchObject({
      verdict: 'fail',
      sentence: expect.stringContaining('deployments/worker.yaml would write the same fields'),
    })
  })

  it('asks every component of the plan; a team that knows better softens it', async () => {
    const runbookWith = (mode: string) =>
      loadRunbook(
        `version: 1
pipeline: kafka-pipeline
environments: { production: { namespace: kafka-pipeline } }
components: [{ deployment: event-ingester }, { deployment: ${name} }]
gates: { ownership: { mode: ${mode} } }`,
        { file: 'runbook.yaml' },
      )
    const cluster = new FakeCluster('event-ingester', name)
    cluster.states.set(name, {
      ...settledComponent({ name }),
      deployment: deploymentWith({ labels: { 'argocd.argoproj.io/instance': 'pipeline' } }),
    })
    const record = recordOf({ plan: [planned('event-ingester'), planned(name)] })
    const clock = { now: () => new Date('2026-11-23T10:00:00Z') }
    const asked = async (mode: string) => {
      const context = contextOf({ runbook: runbookWith(mode), record, cluster, clock })
      const [result] = await runGates([ownership], context, new AbortController().signal)
      return result
    }
    const strict = await asked('enforce')
    expect(strict).toMatchObject({ verdict: 'fail' })
    expect(strict?.evidence[0]).toMatch(/^download-worker: the Argo CD Application "pipeline" \(label/)
    expect(strict?.evidence.at(-1)).toMatch(/^event-ingester: image last written by nobody/)
    expect(await asked('warn')).toMatchObject({ verdict: 'warn' })
    expect(await asked('off')).toMatchObject({ verdict: 'skipped' })
  })
})

describe('ownership, of a configuration change', () => {
  const argo = { labels: { 'argocd.argoproj.io/instance': 'pipeline' } }
  const tracked = 'pipeline:/ConfigMap:kafka-pipeline/settings'
  const wroteData = {
    manager: 'argocd-controller',
    operation: 'Apply',
    apiVersion: 'v1',
    fieldsType: 'FieldsV1',
    fieldsV1: { 'f:data': { 'f:LEVEL': {} } },
  }
  const flux = {
    'kustomize.toolkit.fluxcd.io/name': 'apps',
    'kustomize.toolkit.fluxcd.io/namespace': 'flux-system',
  }
  const controller = { apiVersion: 'x/v1', kind: 'Pipeline', name: 'main', uid: 'u', controller: true }

  async function asked(marks: Metadata | undefined, mode = 'enforce', occasion: Occasion = 'preflight') {
    const cluster = new FakeCluster(name)
    cluster.configMaps.set('settings', { LEVEL: 'info' })
    if (marks !== undefined) cluster.marks.set('settings', marks)
    const text = `version: 1
pipeline: kafka-pipeline
environments: { production: { namespace: kafka-pipeline } }
components: [{ deployment: ${name} }]
gates: { ownership: { mode: ${mode} } }`
    const digest = dataDigest({})
    const configuration = { configMap: 'settings', changes: [], before: digest, after: digest }
    const record = recordOf({ plan: [planned(name)], configuration })
    const runbook = loadRunbook(text, { file: 'runbook.yaml' })
    const context = contextOf({ runbook, record, cluster, occasion })
    const [result] = await runGates([ownership], context, new AbortController().signal)
    return result
  }

  it.each([
    [
      'Argo CD by its label',
      argo,
      'the Argo CD Application "pipeline"',
      'in the repository of that Application',
    ],
    [
      'Argo CD by its annotation',
      { annotations: { 'argocd.argoproj.io/tracking-id': tracked } },
      'the Argo CD Application "pipeline"',
      'ignoreDifferences of /data',
    ],
    ['Argo CD by the data that it wrote', { managedFields: [wroteData] }, 'Argo CD', 'self-heal'],
    ['Flux', { labels: flux }, 'the Flux Kustomization "flux-system/apps"', 'reconcile: disabled'],
    ['Helm', helmMarks, 'the Helm release "kafka-pipeline/pipeline"', 'by the values of the chart'],
    [
      'an operator',
      { ownerReferences: [controller] },
      'the controller of Pipeline "main"',
      'Change it in that object',
    ],
  ])('blocks, names %s and says what to do', async (_, marks: Metadata, owner, next) => {
    const found = await asked(marks)
    expect(found?.verdict).toBe('fail')
    expect(found?.answer).toContain(`ConfigMap settings is managed by ${owner}, `)
    expect(found?.answer).toContain(next)
    expect(found?.evidence[0]).toContain('ConfigMap settings: ')
  })

  it('is asked again right before the write', async () => {
    expect(ownership.occasions).toContain('re-check')
    expect(await asked(argo, 'enforce', 're-check')).toMatchObject({ verdict: 'fail' })
  })

  it('passes where nobody manages it, or who does leaves it alone', async () => {
    const free = await asked(undefined)
    expect(free).toMatchObject({
      verdict: 'pass',
      answer: 'Nothing else manages the 1 Deployment and the ConfigMap settings.',
    })
    const copied = { annotations: { 'argocd.argoproj.io/tracking-id': tracked.replace('settings', 'other') } }
    expect(await asked(copied)).toMatchObject({ verdict: 'pass' })
    const disabled = { labels: flux, annotations: { 'kustomize.toolkit.fluxcd.io/reconcile': 'disabled' } }
    expect(await asked(disabled)).toMatchObject({ verdict: 'pass' })
  })

  it('is softened or switched off by the same key', async () => {
    expect(await asked(argo, 'warn')).toMatchObject({ verdict: 'warn' })
    expect(await asked(argo, 'off')).toMatchObject({ verdict: 'skipped' })
  })

  it('says nothing of the ConfigMap where a release is deployed', async () => {
    const cluster = new FakeCluster(name)
    cluster.configMaps.set('settings', {})
    cluster.marks.set('settings', argo)
    const context = contextOf({ record: recordOf({ plan: [planned(name)] }), cluster })
    const [result] = await runGates([ownership], context, new AbortController().signal)
    expect(result).toMatchObject({ verdict: 'pass', answer: 'Nothing else manages the 1 Deployment.' })
  })
})
