import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { digestA, digestB, podOf, replicaSetOf, settledComponent } from './component.fixture.ts'
import { formatImage, imageLabel, parseImage, runningDigests } from './image.ts'

describe('parseImage', () => {
  it.each([
    ['download-worker', { repository: 'download-worker', tag: undefined, digest: undefined }],
    [
      'registry.local/download-worker:v1.2.3',
      { repository: 'registry.local/download-worker', tag: 'v1.2.3', digest: undefined },
    ],
    ['localhost:5000/team/x', { repository: 'localhost:5000/team/x', tag: undefined, digest: undefined }],
    ['localhost:5000/team/x:v1', { repository: 'localhost:5000/team/x', tag: 'v1', digest: undefined }],
    [`registry.local/x@${digestA}`, { repository: 'registry.local/x', tag: undefined, digest: digestA }],
    [`registry.local/x:v1@${digestA}`, { repository: 'registry.local/x', tag: 'v1', digest: digestA }],
  ])('%s', (text, parts) => {
    expect(parseImage(text)).toEqual(parts)
  })

  it.each(['', 'a b', 'x:', 'x@sha256:abc', 'x:v1 --all', ':v1', `x@${digestA}:v1`])(
    'refuses "%s"',
    (text) => {
      expect(() => parseImage(text)).toThrow('is not an image reference')
    },
  )

  it('is the inverse of formatImage', () => {
    const name = fc.stringMatching(/^[a-z0-9]+(\.[a-z0-9]+)*(:[0-9]{2,5})?\/[a-z0-9-]+$/)
    const tag = fc.option(fc.stringMatching(/^v[0-9]{1,3}\.[0-9]{1,3}$/), { nil: undefined })
    const digest = fc.option(
      fc.stringMatching(/^[0-9a-f]{64}$/).map((hex) => `sha256:${hex}`),
      { nil: undefined },
    )
    fc.assert(
      fc.property(name, tag, digest, (repository, tagText, digestText) => {
        const image = { repository, tag: tagText, digest: digestText }
        expect(parseImage(formatImage(image))).toEqual(image)
      }),
    )
  })
})

describe('imageLabel', () => {
  it.each([
    ['registry.local/x:v1.0.0', undefined, 'v1.0.0'],
    [`registry.local/x:v1.1.0@${digestA}`, 'registry.local/x:v1.0.0', 'v1.1.0@sha256:aaaaaaaaaaaa'],
    [`registry.local/x@${digestA}`, 'registry.local/x:v1.0.0', 'sha256:aaaaaaaaaaaa'],
    ['other.local/x:v1.1.0', 'registry.local/x:v1.0.0', 'other.local/x:v1.1.0'],
    ['registry.local/x', undefined, 'registry.local/x'],
  ])('%s beside %s is %s', (text, beside, label) => {
    expect(imageLabel(text, beside)).toBe(label)
  })
})

describe('runningDigests', () => {
  it('counts pods by what they really run, and leaves out those that are leaving', () => {
    const { deployment } = settledComponent()
    const set = replicaSetOf(deployment, 'new', '2')
    const pods = [
      podOf(set, 'a', { digest: digestA }),
      podOf(set, 'b', { digest: digestB }),
      podOf(set, 'c', { digest: digestB }),
      podOf(set, 'd'),
      podOf(set, 'e', { digest: digestA, terminating: true }),
    ]
    const counts = runningDigests({ deployment, replicaSets: [set], pods }, 'download-worker')
    expect([...counts]).toEqual([
      [digestA, 1],
      [digestB, 2],
      [undefined, 1],
    ])
  })
})
