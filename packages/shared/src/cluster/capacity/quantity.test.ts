import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { formatQuantity, parseQuantity } from './quantity.ts'

describe('parseQuantity', () => {
  it.each<[string, bigint]>([
    ['0', 0n],
    ['250m', 250n],
    ['2', 2_000n],
    ['1.5', 1_500n],
    ['.5', 500n],
    ['1e3', 1_000_000n],
    ['1E3', 1_000_000n],
    ['25e-1', 2_500n],
    ['1E', 10n ** 21n],
    ['128Mi', 134_217_728_000n],
    ['1.5Gi', 1_610_612_736_000n],
    ['1k', 1_000_000n],
    ['1M', 1_000_000_000n],
    ['1Ei', 1_000n * 2n ** 60n],
    // Rounded up, as a limit must not look smaller than it is.
    ['1u', 1n],
    ['1500u', 2n],
    ['1n', 1n],
    ['-250m', -250n],
    ['+1', 1_000n],
  ])('%s', (text, thousandths) => {
    expect(parseQuantity(text)).toBe(thousandths)
  })

  it.each(['', 'm', '1 Gi', '1GB', 'abc', '1.2.3'])('refuses %j', (text) => {
    expect(() => parseQuantity(text)).toThrow('is not a quantity')
  })
})

describe('formatQuantity', () => {
  it.each<[bigint, string, string]>([
    [250n, 'requests.cpu', '250m'],
    [2_000n, 'cpu', '2'],
    [1_610_612_736_000n, 'limits.memory', '1.5Gi'],
    [134_217_728_000n, 'memory', '128Mi'],
    [134_217_727_000n, 'memory', '134217727'],
    [3_000n, 'pods', '3'],
    [-1_000n, 'pods', '-1'],
    [0n, 'memory', '0'],
  ])('%s of %s', (thousandths, resource, text) => {
    expect(formatQuantity(thousandths, resource)).toBe(text)
  })

  it('never rounds: what is read back is what it was', () => {
    fc.assert(
      fc.property(
        fc.bigInt(-(10n ** 19n), 10n ** 19n),
        fc.constantFrom('cpu', 'memory'),
        (amount, resource) => {
          expect(parseQuantity(formatQuantity(amount, resource))).toBe(amount)
        },
      ),
    )
  })
})
