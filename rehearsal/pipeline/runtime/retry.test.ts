import { describe, expect, it } from '@jest/globals'
import { KafkaJSError } from 'kafkajs'
import { PermanentError, tryRepeatedly } from './retry.ts'

/** Tries work that fails with these errors in turn, and then succeeds. */
async function tried(errors: Error[]) {
  const pauses: number[] = []
  let repeats = 0
  const outcome = await tryRepeatedly(
    (number) => {
      const error = errors[number - 1]
      return error === undefined ? Promise.resolve('value') : Promise.reject(error)
    },
    { limit: 3, backOffMs: 100 },
    {
      pause: (ms) => {
        pauses.push(ms)
        return Promise.resolve()
      },
      repeated: () => {
        repeats += 1
      },
    },
  )
  return { outcome, pauses, repeats }
}

describe('tryRepeatedly', () => {
  const timeout = new Error('timeout')

  it.each([
    ['at once', [], 'done', []],
    ['at the third attempt', [timeout, timeout], 'done', [100, 200]],
    ['at the last attempt', [timeout, timeout, timeout], 'done', [100, 200, 400]],
    ['never', [timeout, timeout, timeout, timeout], 'exhausted', [100, 200, 400]],
    ['never, for good', [new PermanentError('no such file')], 'rejected', []],
    ['never, found out later', [timeout, new PermanentError('no such file')], 'rejected', [100]],
  ])('backs off between attempts: success %s', async (_, errors, kind, waited) => {
    const { outcome, pauses, repeats } = await tried(errors)
    expect(outcome.kind).toBe(kind)
    expect(pauses).toEqual(waited)
    expect(repeats).toBe(waited.length)
  })

  it('lets a message go', async () => {
    await expect(tried([timeout, new KafkaJSError('rebalancing')])).rejects.toThrow('rebalancing')
  })
})
