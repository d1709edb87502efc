import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { closest, didYouMean, editDistance } from './suggest.ts'

describe('editDistance', () => {
  it.each([
    ['', '', 0],
    ['', 'abc', 3],
    ['deadline', 'dedline', 1],
    ['deadline', 'daedline', 1],
    ['kitten', 'sitting', 3],
  ])('%j to %j takes %d', (a, b, distance) => {
    expect(editDistance(a, b)).toBe(distance)
  })

  it('is zero for equal texts only, the same both ways, and never above the longer length', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 12 }), fc.string({ maxLength: 12 }), (a, b) => {
        const distance = editDistance(a, b)
        expect(distance === 0).toBe(a === b)
        expect(editDistance(b, a)).toBe(distance)
        expect(distance).toBeLessThanOrEqual(Math.max(a.length, b.length))
        expect(distance).toBeGreaterThanOrEqual(Math.abs(a.length - b.length))
      }),
    )
  })
})

describe('closest', () => {
  const keys = ['deadline', 'image-pull', 'restarts', 'time-zone']

  it.each([
    ['dedline', 'deadline'],
    ['imagePull', 'image-pull'],
    ['image_pull', 'image-pull'],
    ['TIME-ZONE', 'time-zone'],
    ['timezone', 'time-zone'],
    ['restart', 'restarts'],
  ])('%s is probably %s', (text, key) => {
    expect(closest(text, keys)).toBe(key)
  })

  it.each(['dashboards', 'x', ''])('%j is like none of them', (text) => {
    expect(closest(text, keys)).toBeUndefined()
  })

  it('has nothing to say without candidates', () => {
    expect(didYouMean('x', [])).toBe('')
  })
})
