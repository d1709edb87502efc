import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { sparkline } from './sparkline.ts'

describe('sparkline', () => {
  it.each([
    [[0, 1, 2, 3, 4, 5, 6, 7], {}, '▁▁▂▃▄▅▆▇'],
    [[0, 0, 0], {}, '▁▁▁'],
    [[0.4, 0.3, 0.1], { limit: 1 }, '▃▃▁'],
    [[0.4, 2], { limit: 1 }, '▂▇'],
    [[1, null, NaN, 1], {}, '▇··▇'],
    [[-5, 5], {}, '▁▇'],
    [[], {}, ''],
    [[null], {}, '·'],
    [[1, 9, 1, 1, 1, 1], { width: 3 }, '▇▁▁'],
  ])('of %j with %j', (values, options, expected) => {
    expect(sparkline(values, options)).toBe(expected)
  })

  it('has a bar for a slot only if something in it was measured, and never loses the peak', () => {
    const value = fc.option(fc.double({ min: 0, max: 1e9, noNaN: true }), { freq: 3 })
    fc.assert(
      fc.property(fc.array(value, { maxLength: 200 }), fc.integer({ min: 1, max: 30 }), (values, width) => {
        const line = sparkline(values, { width })
        expect(line).toHaveLength(Math.min(width, values.length))
        expect(line.includes('▇')).toBe(values.some((each) => each !== null && each > 0))
        expect(values.some((each) => each !== null)).toBe(/[^·]/u.test(line))
      }),
    )
  })
})
