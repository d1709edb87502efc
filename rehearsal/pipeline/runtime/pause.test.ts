import { describe, expect, it } from '@jest/globals'
import { isLetGo, pauseWith } from './pause.ts'

describe('pauseWith', () => {
  it('sends heartbeats while it waits', async () => {
    let beats = 0
    const heartbeat = (): Promise<void> => {
      beats += 1
      return Promise.resolve()
    }
    const began = performance.now()
    await pauseWith(heartbeat, 10, new AbortController().signal)(45)
    expect(performance.now() - began).toBeGreaterThanOrEqual(44)
    expect(beats).toBeGreaterThanOrEqual(2)
  })

  it('lets the message go when the service stops', async () => {
    const stopping = new AbortController()
    const paused = pauseWith(() => Promise.resolve(), 10_000, stopping.signal)(60_000)
    stopping.abort()
    const error: unknown = await paused.catch((reason: unknown) => reason)
    expect(isLetGo(error)).toBe(true)
  })

  it('lets the message go when the group does', async () => {
    const gone = new Error('the group is rebalancing')
    const pause = pauseWith(() => Promise.reject(gone), 1, new AbortController().signal)
    await expect(pause(60_000)).rejects.toBe(gone)
  })
})
