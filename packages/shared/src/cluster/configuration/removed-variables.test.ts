import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { textDigest, type Data } from './content-digest.ts'
import { remainingVariables, removedVariables, type RemovedVariable } from './removed-variables.ts'

const ours = { configMapRef: { name: 'settings' } }
const variable = (name: string, given: Partial<RemovedVariable> = {}): RemovedVariable => ({
  name,
  key: 'OLD',
  isSetByDeployment: false,
  others: [],
  ...given,
})
const optional = (name: string, key: string) => ({
  name,
  valueFrom: { configMapKeyRef: { name: 'settings', key, optional: true } },
})

describe('removedVariables', () => {
  it.each([
    ['all keys', { envFrom: [ours] }, [variable('OLD')]],
    ['a prefix', { envFrom: [{ ...ours, prefix: 'APP_' }] }, [variable('APP_OLD')]],
    ['another name', { env: [optional('LOG', 'OLD')] }, [variable('LOG')]],
    ['another ConfigMap', { envFrom: [{ configMapRef: { name: 'other' } }] }, []],
    ['a key that stays', { env: [optional('LOG', 'LEVEL')] }, []],
    [
      'what env says itself',
      { envFrom: [ours], env: [{ name: 'OLD', value: 'x' }] },
      [variable('OLD', { isSetByDeployment: true })],
    ],
    [
      'sources before and after it, by the key that they would need',
      {
        envFrom: [
          { configMapRef: { name: 'common' }, prefix: 'O' },
          ours,
          { secretRef: { name: 'login' } },
          { secretRef: { name: 'other' }, prefix: 'KAFKA_' },
        ],
      },
      [
        variable('OLD', {
          others: [
            { kind: 'ConfigMap', name: 'common', key: 'LD' },
            { kind: 'Secret', name: 'login', key: 'OLD' },
          ],
        }),
      ],
    ],
    [
      'a name that another key gives now',
      { envFrom: [ours, { ...ours, prefix: 'O' }] },
      [variable('OOLD')],
      { LD: 'x' },
    ],
  ])('%s', (_, container, wanted, data: Data = { LEVEL: 'info' }) => {
    expect(removedVariables(container, 'settings', ['OLD'], data)).toEqual(wanted)
  })
})

describe('remainingVariables', () => {
  const has = new Map([['OLD', textDigest('x')]])
  const inCommon = variable('OLD', { others: [{ kind: 'ConfigMap', name: 'common', key: 'OLD' }] })
  const inSecret = variable('OLD', { others: [{ kind: 'Secret', name: 'login', key: 'OLD' }] })
  const common = (value: string) => new Map([['common', { OLD: value }]])
  it.each([
    ['gone', variable('GONE'), { OLD: 'x' }, new Map<string, Data>(), undefined, undefined],
    [
      'the same value, from nowhere else',
      variable('OLD'),
      { OLD: 'x' },
      new Map<string, Data>(),
      'fail',
      'is still there with the value that was removed',
    ],
    [
      'another value',
      variable('OLD'),
      { OLD: 'y' },
      new Map<string, Data>(),
      'warn',
      'is still there with another value, perhaps from the image',
    ],
    [
      'what it was is not known',
      variable('OLD'),
      undefined,
      new Map<string, Data>(),
      'inconclusive',
      'is still there, perhaps from the image: what it was is not known',
    ],
    [
      'set by the Deployment, also to the same value',
      variable('OLD', { isSetByDeployment: true }),
      { OLD: 'x' },
      new Map<string, Data>(),
      'warn',
      'is still there: "env" of the Deployment sets it',
    ],
    [
      'another ConfigMap says the same',
      inCommon,
      { OLD: 'x' },
      common('x'),
      'warn',
      'is still there: ConfigMap common has it, too',
    ],
    [
      'another ConfigMap says something else: it is not from there',
      inCommon,
      { OLD: 'x' },
      common('y'),
      'fail',
      'is still there with the value that was removed',
    ],
    [
      'a Secret may say the same',
      inSecret,
      { OLD: 'x' },
      new Map<string, Data>(),
      'inconclusive',
      'is still there with the same value, perhaps from Secret login',
    ],
    [
      'a Secret, by another value',
      inSecret,
      { OLD: 'y' },
      new Map<string, Data>(),
      'warn',
      'is still there with another value, perhaps from Secret login or the image',
    ],
  ])('%s', (_, removed, before, others, verdict, how) => {
    const wanted = verdict === undefined ? [] : [{ name: 'OLD', how, verdict }]
    expect(remainingVariables([removed], has, { before, others })).toEqual(wanted)
  })

  it('never fails for what the container has not, nor for a value that was not removed', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom('A', 'B', 'C'), fc.string()), fc.string(), (env, old) => {
        const found = new Map(Object.entries(env).map(([name, value]) => [name, textDigest(value)]))
        const names = ['A', 'B', 'C'].map((name) => variable(name))
        const findings = remainingVariables(names, found, { before: { OLD: old }, others: new Map() })
        expect(findings.map(({ name }) => name).sort()).toEqual(Object.keys(env).sort())
        for (const { name, verdict } of findings) expect(verdict === 'fail').toBe(env[name] === old)
      }),
    )
  })
})
