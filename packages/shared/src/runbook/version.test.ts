import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { UserError } from '../errors.ts'
import {
  compareVersions,
  formatVersion,
  parseVersion,
  prodTag,
  tagOf,
  type Version,
  versionOfTag,
} from './version.ts'

const number = fc.integer({ min: 0, max: 999_999_999 })
const version: fc.Arbitrary<Version> = fc.record({
  major: number,
  minor: number,
  patch: number,
  hotfix: fc.boolean(),
})

describe('parseVersion', () => {
  it('reads releases and hotfixes', () => {
    expect(parseVersion('v1.2.3')).toEqual({ major: 1, minor: 2, patch: 3, hotfix: false })
    expect(parseVersion('v1.2.4-hotfix')).toEqual({ major: 1, minor: 2, patch: 4, hotfix: true })
  })

  it('is undone by formatVersion', () => {
    fc.assert(
      fc.property(version, (any) => {
        expect(parseVersion(formatVersion(any))).toEqual(any)
      }),
    )
  })

  it.each([
    ['1.2.3', '"1.2.3" is no version of a release: it lacks the "v" in front'],
    ['v1.2', '"v1.2" is no version of a release: it needs three numbers'],
    ['v1', '"v1" is no version of a release: it needs three numbers'],
    ['v1.2.3-rc.1', '"v1.2.3-rc.1" is no version of a release: the only suffix is -hotfix'],
    ['v1.2.3+build', '"v1.2.3+build" is no version of a release: the only suffix is -hotfix'],
    [
      'v1.2.3-prod',
      '"v1.2.3-prod" is no version of a release: a -prod tag marks a version that was deployed and is never deployed itself',
    ],
    ['v01.2.3', '"v01.2.3" is no version of a release: its numbers have leading zeros'],
    ['v1.2.3-hotfix2', '"v1.2.3-hotfix2" is no version of a release: the only suffix is -hotfix'],
    ['v1.2.3\n', '"v1.2.3\\n" is no version of a release'],
    ['latest', '"latest" is no version of a release'],
    ['', '"" is no version of a release'],
    ['v1234567890.0.0', '"v1234567890.0.0" is no version of a release'],
  ])('refuses %j and says why', (text, message) => {
    const attempt = () => parseVersion(text)
    expect(attempt).toThrow(UserError)
    expect(attempt).toThrow(new Error(message))
  })

  it('shortens what it quotes, in one line', () => {
    expect(() => parseVersion(`${'x'.repeat(500)}\n::error::`)).toThrow(
      /^"x{77}…" is no version of a release$/,
    )
  })
})

describe('compareVersions', () => {
  it.each([
    ['v1.2.3', 'v1.2.4', -1],
    ['v1.10.0', 'v1.9.9', 1],
    ['v2.0.0', 'v1.99.99', 1],
    ['v1.2.4-hotfix', 'v1.2.4', -1],
    ['v1.2.4-hotfix', 'v1.2.3', 1],
    ['v1.2.3', 'v1.2.3', 0],
  ])('%s against %s', (a, b, sign) => {
    expect(Math.sign(compareVersions(parseVersion(a), parseVersion(b)))).toBe(sign)
  })

  it('is an order', () => {
    const near = fc.record({ major: fc.nat(2), minor: fc.nat(2), patch: fc.nat(2), hotfix: fc.boolean() })
    fc.assert(
      fc.property(near, near, near, (a, b, c) => {
        expect(Math.sign(compareVersions(a, b))).toBe(0 - Math.sign(compareVersions(b, a)))
        if (compareVersions(a, b) <= 0 && compareVersions(b, c) <= 0)
          expect(compareVersions(a, c)).toBeLessThanOrEqual(0)
        expect(compareVersions(a, b) === 0).toBe(formatVersion(a) === formatVersion(b))
      }),
    )
  })
})

describe('tags', () => {
  it('carry a prefix in a monorepo', () => {
    expect(versionOfTag('kafka-pipeline/v1.2.3', 'kafka-pipeline/')).toEqual(parseVersion('v1.2.3'))
    expect(tagOf(parseVersion('v1.2.4-hotfix'), 'kafka-pipeline/')).toBe('kafka-pipeline/v1.2.4-hotfix')
    expect(tagOf(parseVersion('v1.2.3'))).toBe('v1.2.3')
  })

  it('of another pipeline are refused', () => {
    expect(() => versionOfTag('v1.2.3', 'kafka-pipeline/')).toThrow(
      new UserError(
        'The tag "v1.2.3" does not begin with "kafka-pipeline/", the tag prefix of this pipeline',
      ),
    )
    expect(() => versionOfTag('kafka-pipeline/v1.2.3')).toThrow('is no version of a release')
  })

  it.each([
    ['v1.2.3', '', 'v1.2.3-prod'],
    ['v1.2.4-hotfix', '', 'v1.2.4-prod'],
    ['kafka-pipeline/v1.2.4-hotfix', 'kafka-pipeline/', 'kafka-pipeline/v1.2.4-prod'],
  ])('%s is marked as deployed', (tag, prefix, expected) => {
    expect(prodTag(tag, prefix)).toBe(expected)
  })

  it('that mark a deployment are not marked again', () => {
    expect(() => prodTag('v1.2.3-prod')).toThrow(UserError)
  })
})
