import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { formatPercentage, humanPercentage, parsePercentage } from './percentages.ts'

describe('parsePercentage', () => {
  it.each([
    ['1%', 0.01],
    ['0%', 0],
    ['0.5%', 0.005],
    ['0.07%', 0.0007],
    ['5 %', 0.05],
    ['100%', 1],
    ['250%', 2.5],
  ])('reads %s as the nearest double of %d', (text, share) => {
    expect(parsePercentage(text)).toBe(share)
  })

  it.each(['1', '0.01', '%', '-1%', '1.%', '.5%', '1,5%', '1  %', '1%%', '1e2%', '123456%', ' 1%'])(
    'refuses %j',
    (text) => {
      expect(parsePercentage(text)).toBeUndefined()
    },
  )
})

describe('formatPercentage', () => {
  it('is undone by parsePercentage', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 99_999_999_999 }), (millionths) => {
        const text = `${Math.floor(millionths / 1e6)}.${String(millionths % 1e6).padStart(6, '0')}%`
        const share = parsePercentage(text)
        expect(share).toBeDefined()
        expect(parsePercentage(formatPercentage(share!))).toBe(share)
      }),
    )
  })

  it.each([
    [0.01, '1%'],
    [0.0007, '0.07%'],
    [0.00000001, '0.000001%'],
    [1, '100%'],
    [0, '0%'],
  ])('writes %d as %s', (share, text) => {
    expect(formatPercentage(share)).toBe(text)
  })

  it('refuses what is no share', () => {
    expect(() => formatPercentage(Number.NaN)).toThrow(RangeError)
  })
})

describe('humanPercentage', () => {
  it.each([
    [0.0034, '0.34 %'],
    [0.118, '11.8 %'],
    [1 / 3, '33.33 %'],
    [1e-7, '0 %'],
    [-0.001, '-0.1 %'],
  ])('%d is %s', (share, text) => {
    expect(humanPercentage(share)).toBe(text)
  })

  it('rounds to the decimals asked for', () => {
    expect(humanPercentage(0.99126, 1)).toBe('99.1 %')
  })
})
