import { describe, expect, it } from '@jest/globals'
import type { DeploymentSnapshot } from '../../record/snapshot.ts'
import { digestA, digestB, settledComponent } from '../component.fixture.ts'
import type { ComponentState } from '../component.ts'
import {
  differencesFrom,
  isSameTemplate,
  pinnedTemplate,
  restarted,
  restorePatch,
  type DeploymentRestore,
} from './wanted-deployment.ts'

const image = 'registry.local/download-worker:v1.0.0'

function snapshotOf(more: Partial<DeploymentSnapshot> = {}): DeploymentSnapshot {
  const { deployment } = settledComponent({ image })
  return {
    deployment: 'download-worker',
    uid: 'uid-download-worker',
    replicas: 6,
    annotations: {},
    template: { ...deployment.spec?.template },
    digests: { 'download-worker': [digestA] },
    ...more,
  }
}

function imageIn(template: DeploymentSnapshot['template']): unknown {
  return (template as { spec: { containers: { image: string }[] } }).spec.containers[0]?.image
}

describe('pinnedTemplate', () => {
  it('pins an image to what ran of it, and leaves the snapshot as it is', () => {
    const snapshot = snapshotOf()
    expect(imageIn(pinnedTemplate(snapshot))).toBe(`${image}@${digestA}`)
    expect(imageIn(snapshot.template)).toBe(image)
  })

  it.each([
    ['pods that did not agree', { 'download-worker': [digestA, digestB] }],
    ['no pods', { 'download-worker': [] }],
    ['a container that is not told', {}],
  ])('leaves it as it was written: %s', (_, digests) => {
    expect(imageIn(pinnedTemplate(snapshotOf({ digests })))).toBe(image)
  })
})

describe('differencesFrom', () => {
  const asIt = (state: ComponentState): string[] => differencesFrom(snapshotOf(), state)

  it('finds none where template and pods are as they were, pinned or not', () => {
    expect(asIt(settledComponent({ image, digest: digestA }))).toEqual([])
    expect(asIt(settledComponent({ image: `${image}@${digestA}`, digest: digestA }))).toEqual([])
  })

  it('takes no restart for a difference', () => {
    const state = settledComponent({ image, digest: digestA })
    const template = restarted({ ...state.deployment.spec!.template }, new Date('2026-11-23T10:00:00Z'))
    const spec = { ...state.deployment.spec!, template }
    expect(asIt({ ...state, deployment: { ...state.deployment, spec } })).toEqual([])
  })

  it('tells another image, another template, other pods, and a pause', () => {
    expect(asIt(settledComponent({ image: 'registry.local/download-worker:v2', digest: digestA }))).toEqual([
      `it has registry.local/download-worker:v2 instead of ${image}`,
    ])
    expect(asIt(settledComponent({ image, digest: digestB }))).toEqual([
      '6 pods run another content of download-worker',
    ])
    const same = settledComponent({ image, digest: digestA })
    const spec = same.deployment.spec!
    expect(asIt({ ...same, deployment: { ...same.deployment, spec: { ...spec, paused: true } } })).toEqual([
      'it is paused',
    ])
    const template = { ...spec.template, spec: { ...spec.template.spec!, hostNetwork: true } }
    expect(asIt({ ...same, deployment: { ...same.deployment, spec: { ...spec, template } } })).toEqual([
      'its pod template is another one',
    ])
  })
})

describe('restorePatch', () => {
  const live = settledComponent({ image: 'registry.local/download-worker:v2' }).deployment
  const metadata = {
    ...live.metadata,
    annotations: {
      'deployment.kubernetes.io/revision': '7',
      'kubernetes.io/change-cause': 'v2',
      'runbook-actions.io/record': 'of v2',
      'kubectl.kubernetes.io/last-applied-configuration': '{"v":2}',
      'example.com/owner': 'data',
    },
    labels: { app: 'download-worker', 'runbook-actions.io/version': 'v2' },
  }
  const wanted: DeploymentRestore = {
    deployment: 'download-worker',
    template: pinnedTemplate(snapshotOf()),
    annotations: {
      'deployment.kubernetes.io/revision': '3',
      'kubernetes.io/change-cause': 'v1.0.0',
      'runbook-actions.io/record': 'of v1.0.0',
    },
    labels: { 'runbook-actions.io/run': '1-1' },
    dropLabels: ['runbook-actions.io/version'],
  }
  const patch = (given: DeploymentRestore, of = { ...live, metadata }) =>
    new Map(
      restorePatch(of, given)?.map((each) => {
        const { op, path, value } = each as { op: string; path: string; value: unknown }
        return [`${op} ${path}`, value]
      }),
    )

  it('insists on what was read and replaces the template as a whole', () => {
    const operations = patch(wanted)
    expect(operations.get('test /metadata/resourceVersion')).toBe('100')
    expect(operations.get('replace /spec/template')).toEqual(wanted.template)
    expect(operations.has('replace /spec/replicas')).toBe(false)
  })

  it('takes nothing of what others have written, and leaves nothing of the release', () => {
    expect(patch(wanted).get('add /metadata/annotations')).toEqual({
      'deployment.kubernetes.io/revision': '7',
      'example.com/owner': 'data',
      'kubernetes.io/change-cause': 'v1.0.0',
      'runbook-actions.io/record': 'of v1.0.0',
    })
    expect(patch(wanted).get('add /metadata/labels')).toEqual({
      app: 'download-worker',
      'runbook-actions.io/run': '1-1',
    })
  })

  it('gives replicas back, and ends a pause', () => {
    const paused = { ...live, spec: { ...live.spec!, paused: true } }
    expect(patch({ ...wanted, replicas: 8 }).get('replace /spec/replicas')).toBe(8)
    expect(patch(wanted, { ...paused, metadata }).has('remove /spec/paused')).toBe(true)
  })

  it('writes nothing where it is so already', () => {
    const back = settledComponent({ image: `${image}@${digestA}` }).deployment
    expect(restorePatch(back, wanted)).toBeUndefined()
    expect(restorePatch(back, { ...wanted, replicas: 6 })).toBeUndefined()
    const anew = restarted(wanted.template, new Date('2026-11-23T10:00:00Z'))
    expect(restorePatch(back, { ...wanted, template: anew })).toBeDefined()
    expect(isSameTemplate(anew, wanted.template)).toBe(false)
  })
})
