import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import {
  configuredVariables,
  environmentDigests,
  wrongVariables,
  type ConfiguredVariable,
} from './container-environment.ts'
import { dataDigest, textDigest } from './content-digest.ts'

const data = { KAFKA_BROKERS: 'a:9092', LEVEL: 'info' }
const ours = { configMapRef: { name: 'settings' } }
const told = (variables: readonly ConfiguredVariable[]) =>
  Object.fromEntries(
    variables.map(({ name, key, digest, mayBeFrom }) => [
      name,
      [key, digest === textDigest(new Map(Object.entries(data)).get(key) ?? ''), mayBeFrom],
    ]),
  )

describe('configuredVariables', () => {
  it.each([
    [
      'all keys',
      { envFrom: [ours] },
      { KAFKA_BROKERS: ['KAFKA_BROKERS', true, undefined], LEVEL: ['LEVEL', true, undefined] },
    ],
    [
      'a prefix',
      { envFrom: [{ ...ours, prefix: 'APP_' }] },
      { APP_KAFKA_BROKERS: ['KAFKA_BROKERS', true, undefined], APP_LEVEL: ['LEVEL', true, undefined] },
    ],
    [
      'one key under another name',
      { env: [{ name: 'LOG', valueFrom: { configMapKeyRef: { name: 'settings', key: 'LEVEL' } } }] },
      { LOG: ['LEVEL', true, undefined] },
    ],
    [
      'what env says itself goes before',
      { envFrom: [ours], env: [{ name: 'LEVEL', value: 'debug' }] },
      { KAFKA_BROKERS: ['KAFKA_BROKERS', true, undefined] },
    ],
    [
      'a key that is not there',
      {
        env: [
          { name: 'X', valueFrom: { configMapKeyRef: { name: 'settings', key: 'GONE', optional: true } } },
        ],
      },
      {},
    ],
    [
      'an optional key that is not there leaves what all keys have given',
      {
        envFrom: [ours],
        env: [
          {
            name: 'LEVEL',
            valueFrom: { configMapKeyRef: { name: 'settings', key: 'GONE', optional: true } },
          },
        ],
      },
      { KAFKA_BROKERS: ['KAFKA_BROKERS', true, undefined], LEVEL: ['LEVEL', true, undefined] },
    ],
    [
      'another ConfigMap',
      { env: [{ name: 'LEVEL', valueFrom: { configMapKeyRef: { name: 'other', key: 'LEVEL' } } }] },
      {},
    ],
    [
      'a Secret that is read later',
      { envFrom: [ours, { secretRef: { name: 'login' }, prefix: 'KAFKA_' }] },
      { KAFKA_BROKERS: ['KAFKA_BROKERS', true, 'Secret login'], LEVEL: ['LEVEL', true, undefined] },
    ],
    [
      'a ConfigMap that is read before',
      { envFrom: [{ configMapRef: { name: 'other' } }, ours] },
      { KAFKA_BROKERS: ['KAFKA_BROKERS', true, undefined], LEVEL: ['LEVEL', true, undefined] },
    ],
  ])('%s', (_, container, wanted) => {
    expect(told(configuredVariables(container, 'settings', data))).toEqual(wanted)
  })
})

describe('what a container has', () => {
  const wanted = configuredVariables({ envFrom: [ours] }, 'settings', data)

  it('is compared by digest', () => {
    const found = environmentDigests('PATH=/bin\0KAFKA_BROKERS=a:9092\0LEVEL=info\0')
    expect(wrongVariables(wanted, found)).toEqual([])
    const other = environmentDigests('KAFKA_BROKERS=b:9092\0')
    expect(wrongVariables(wanted, other)).toEqual([
      { name: 'KAFKA_BROKERS', how: 'has another value', verdict: 'fail' },
      { name: 'LEVEL', how: 'is missing', verdict: 'fail' },
    ])
    expect(JSON.stringify([...other])).not.toContain('9092')
  })

  it('may come from a source that is read later, unless it is missing', () => {
    const later = configuredVariables(
      { envFrom: [ours, { secretRef: { name: 'login' }, prefix: 'KAFKA_' }] },
      'settings',
      data,
    )
    const other = environmentDigests('KAFKA_BROKERS=b:9092\0LEVEL=info\0')
    expect(wrongVariables(later, other)).toEqual([
      {
        name: 'KAFKA_BROKERS',
        how: 'has another value, perhaps that of Secret login, which is read later',
        verdict: 'inconclusive',
      },
    ])
    const none = environmentDigests('LEVEL=info\0')
    expect(wrongVariables(later, none)).toMatchObject([{ how: 'is missing', verdict: 'fail' }])
  })

  it('is read whole, whatever its values look like', () => {
    const name = fc.stringMatching(/^[A-Z_][A-Z0-9_]{0,8}$/u)
    const value = fc.string().map((text) => text.replaceAll('\0', ''))
    fc.assert(
      fc.property(fc.dictionary(name, value), (environment) => {
        const printed = Object.entries(environment).map(([key, text]) => `${key}=${text}\0`)
        const found = environmentDigests(printed.join(''))
        expect(Object.fromEntries(found)).toEqual(
          Object.fromEntries(Object.entries(environment).map(([key, text]) => [key, textDigest(text)])),
        )
      }),
    )
  })
})

describe('dataDigest', () => {
  it('does not depend on the order of keys, and on everything else', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.string()), (some) => {
        const turned = Object.fromEntries(Object.entries(some).reverse())
        expect(dataDigest(turned)).toBe(dataDigest(some))
      }),
    )
    expect(dataDigest({ a: 'b' })).not.toBe(dataDigest({ a: 'c' }))
    expect(dataDigest({ a: 'b' })).not.toBe(dataDigest({ b: 'a' }))
  })
})
