import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { ApiError } from './api-error.ts'
import { TransportError } from './transport-error.ts'
import {
  defaultRetryPolicy,
  isTransient,
  parseRetryAfterMs,
  retryDelayMs,
  wasNotExecuted,
  withRetries,
} from './retry.ts'

const refusal = (status: number, retryAfterMs?: number) =>
  new ApiError({ method: 'GET', path: '/', status, retryAfterMs })
const broken = (code: string) =>
  new TransportError({ method: 'GET', path: '/', code, server: 'https://c', problem: code })

describe('the wait before the next try', () => {
  it('grows, with jitter, up to its limit', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1000 }), (count) => {
        const delay = retryDelayMs(broken('ECONNRESET'), count, { firstDelayMs: 100, longestDelayMs: 2_000 })
        return delay >= 0 && delay <= Math.min(2_000, 100 * 2 ** (count - 1))
      }),
    )
  })

  it('is never shorter than what the server asks', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 0, max: 60_000 }), (count, asked) => {
        const delay = retryDelayMs(refusal(429, asked), count, defaultRetryPolicy)
        return delay >= asked && delay <= asked + defaultRetryPolicy.firstDelayMs
      }),
    )
  })

  it.each([
    [undefined, undefined],
    ['7', 7_000],
    ['Wed, 01 Jan 2025 00:00:05 GMT', 5_000],
    ['Wed, 01 Jan 2020 00:00:00 GMT', 0],
    ['soon', undefined],
  ])('reads Retry-After: %s', (header, expected) => {
    expect(parseRetryAfterMs(header, new Date('2025-01-01T00:00:00Z'))).toBe(expected)
  })
})

describe('what may be repeated', () => {
  it.each([
    [refusal(429), true, true],
    [refusal(500), true, false],
    [refusal(503), true, false],
    [refusal(503, 1_000), true, true],
    [refusal(500, 1_000), true, false],
    [refusal(501), false, false],
    [refusal(403), false, false],
    [refusal(409), false, false],
    [broken('ECONNREFUSED'), true, true],
    [broken('UND_ERR_CONNECT_TIMEOUT'), true, true],
    [broken('NOT_CONNECTED'), true, true],
    [broken('PROXY_FAILED'), true, true],
    [broken('ECONNRESET'), true, false],
    [broken('UND_ERR_SOCKET'), true, false],
    [broken('TIMEOUT'), true, false],
    [broken('INVALID_ANSWER'), true, false],
    [broken('ENOTFOUND'), false, false],
    [broken('PROXY_REFUSED'), false, false],
    [broken('CERT_HAS_EXPIRED'), false, false],
    [broken('ERR_TLS_CERT_ALTNAME_INVALID'), false, false],
    [broken('UND_ERR_INVALID_ARG'), false, false],
  ])('%s: a read %p, a write %p', (failure, read, write) => {
    expect([isTransient(failure), wasNotExecuted(failure)]).toEqual([read, write])
  })

  it('is never something else than a failure of the cluster', async () => {
    let tries = 0
    const attempt = () => {
      tries++
      return Promise.reject(new RangeError('a bug'))
    }
    const options = { policy: defaultRetryPolicy, isRetriable: () => true, log: () => undefined }
    await expect(withRetries(attempt, options)).rejects.toThrow('a bug')
    expect(tries).toBe(1)
  })
})
