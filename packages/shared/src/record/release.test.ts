import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { fitReleases, withBad, withoutBad, withRelease, type BadRelease, type Release } from './release.ts'

function releaseOf(version: string, run = 1): Release {
  const at = '2026-11-23T10:00:00.000Z'
  return {
    good: { recordId: `p/e/${version}/${run}-1`, version, at, components: [] },
    state: { at, deployments: [], configMaps: [], secrets: [] },
  }
}

function badOf(version: string, reason = 'errors'): BadRelease {
  return { version, recordId: `p/e/${version}/1-1`, reason, by: 'rosa', at: '2026-11-23T10:00:00.000Z' }
}

const versions = (releases: readonly Release[]) => releases.map(({ good }) => good.version)

describe('releases to go back to', () => {
  it('keeps the newest first, each version once, ten at the most', () => {
    const many = Array.from({ length: 12 }, (_, index) => releaseOf(`v1.${index}.0`))
    const kept = many.reduce<Release[]>((all, each) => withRelease(all, each), [])
    expect(versions(kept)).toEqual(Array.from({ length: 10 }, (_, index) => `v1.${11 - index}.0`))
    const again = withRelease(kept, releaseOf('v1.5.0', 2))
    expect([again.length, again[0]?.good.recordId]).toEqual([10, 'p/e/v1.5.0/2-1'])
  })

  it('keeps what fits, and the newest always', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10 }), fc.integer({ min: 0, max: 5000 }), (count, limit) => {
        const all = Array.from({ length: count }, (_, index) => releaseOf(`v1.${index}.0`))
        const kept = fitReleases(all, limit)
        expect(kept[0]).toBe(all[0])
        expect(all.slice(0, kept.length)).toEqual(kept)
        if (kept.length > 1) expect(JSON.stringify(kept).length).toBeLessThanOrEqual(limit)
        if (kept.length < count)
          expect(JSON.stringify(all.slice(0, kept.length + 1)).length).toBeGreaterThan(limit)
      }),
    )
  })
})

describe('marks of bad releases', () => {
  it('keeps the latest reason of each version, until it is good after all', () => {
    const marks = withBad(withBad([badOf('v1.0.0')], badOf('v1.1.0')), badOf('v1.0.0', 'lag'))
    expect(marks.map(({ version, reason }) => `${version} ${reason}`)).toEqual([
      'v1.0.0 lag',
      'v1.1.0 errors',
    ])
    expect(withoutBad(marks, 'v1.0.0').map(({ version }) => version)).toEqual(['v1.1.0'])
    expect(withoutBad(marks, undefined)).toEqual(marks)
  })
})
