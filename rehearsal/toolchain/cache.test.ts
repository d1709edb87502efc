import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { cached, cacheFolder } from './cache.ts'

describe('cacheFolder', () => {
  it('follows XDG_CACHE_HOME', () => {
    expect(cacheFolder({ XDG_CACHE_HOME: '/x' })).toBe('/x/runbook-actions')
    expect(cacheFolder({ XDG_CACHE_HOME: '' })).toMatch(/\/\.cache\/runbook-actions$/)
  })
})

describe('cached', () => {
  let cache: string
  beforeEach(() => {
    cache = mkdtempSync(join(tmpdir(), 'cache-'))
  })
  afterEach(() => {
    rmSync(cache, { recursive: true })
  })

  it('makes a folder once', async () => {
    let made = 0
    const make = (folder: string): Promise<void> => {
      made += 1
      writeFileSync(join(folder, 'file'), '')
      return Promise.resolve()
    }
    const place = await cached(cache, 'thing', make)
    expect(await cached(cache, 'thing', make)).toBe(place)
    expect(made).toBe(1)
    expect(existsSync(join(place, 'file'))).toBe(true)
    expect(readdirSync(cache)).toEqual(['thing'])
  })

  it('keeps nothing of what could not be made', async () => {
    await expect(cached(cache, 'thing', () => Promise.reject(new Error('no')))).rejects.toThrow('no')
    expect(readdirSync(cache)).toEqual([])
  })
})
