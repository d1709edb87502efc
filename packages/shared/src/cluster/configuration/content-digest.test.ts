import { describe, expect, it } from '@jest/globals'
import { contentDigest, dataDigest } from './content-digest.ts'

const data = { a: '1', b: '2' }

describe('contentDigest', () => {
  it('is that of the data where there is nothing else, whatever the order of the keys', () => {
    expect(contentDigest({ data: { b: '2', a: '1' } })).toBe(dataDigest(data))
    expect(contentDigest({ data, binaryData: {} })).toBe(dataDigest(data))
  })

  it.each([
    ['data', { data: { a: '1' } }],
    ['binary data', { data, binaryData: { 'ca.der': 'AQI=' } }],
    ['a key that is binary instead', { data: { a: '1' }, binaryData: { b: '2' } }],
  ])('is another one with other %s', (_, content) => {
    expect(contentDigest(content)).not.toBe(contentDigest({ data }))
  })
})
