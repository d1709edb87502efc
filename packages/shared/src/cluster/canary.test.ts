import { describe, expect, it } from '@jest/globals'
import { canariesAmong, canaryLabels } from './canary.ts'
import { settledComponent } from './component.fixture.ts'
import type { Deployment } from './component.ts'

const place = { pipeline: 'kafka-pipeline', environment: 'production' }

function found(labels: Record<string, string>, name = 'download-worker-canary'): readonly string[] {
  const { deployment } = settledComponent({ name })
  const labelled: Deployment = { ...deployment, metadata: { ...deployment.metadata, labels } }
  return canariesAmong([labelled], [], [], place).map((canary) => `${canary.name} of ${canary.component}`)
}

describe('canariesAmong', () => {
  const ours = canaryLabels('download-worker', place)

  it('knows one by its labels, whatever it is called', () => {
    expect(found(ours)).toEqual(['download-worker-canary of download-worker'])
    expect(found({ ...ours, app: 'x' }, 'something')).toEqual(['something of download-worker'])
  })

  it.each(Object.keys(ours))('takes none for ours without the label %s', (key) => {
    expect(found(Object.fromEntries(Object.entries(ours).filter(([each]) => each !== key)))).toEqual([])
  })

  it.each([
    ['another pipeline', { ...place, pipeline: 'other' }],
    ['another environment', { ...place, environment: 'staging' }],
  ])('leaves that of %s alone', (_, elsewhere) => {
    expect(found(canaryLabels('download-worker', elsewhere))).toEqual([])
  })
})
