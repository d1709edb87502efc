import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { UserError } from '../errors.ts'
import {
  adjustClass,
  CHANGE_CLASSES,
  classOf,
  firstDeploymentClass,
  parseClass,
  requirementsFor,
} from './classes.ts'
import { TEN_LINES } from './example.ts'
import { loadRunbook } from './load.ts'
import { compareVersions, parseVersion } from './version.ts'

describe('classOf', () => {
  it.each([
    ['v1.2.3', 'v1.2.4', 'patch'],
    ['v1.2.3', 'v1.2.9', 'patch'],
    ['v1.2.3', 'v1.3.0', 'minor'],
    ['v1.2.3', 'v1.3.7', 'minor'],
    ['v1.2.3', 'v2.0.0', 'major'],
    ['v0.9.0', 'v1.0.0', 'major'],
    ['v1.2.3', 'v1.2.4-hotfix', 'hotfix'],
    ['v1.2.4-hotfix', 'v1.2.5-hotfix', 'hotfix'],
    ['v1.2.4-hotfix', 'v1.2.4', 'patch'],
    ['v1.2.4-hotfix', 'v1.2.5', 'patch'],
    ['v1.2.3', 'v1.2.3', 'same'],
    ['v1.2.4-hotfix', 'v1.2.4-hotfix', 'same'],
    ['v1.2.3', 'v1.2.2', 'downgrade'],
    ['v1.2.4', 'v1.2.4-hotfix', 'downgrade'],
    ['v2.0.0', 'v1.9.9', 'downgrade'],
    // The suffix is no way around the approval of a larger step.
    ['v1.2.3', 'v1.3.0-hotfix', 'minor'],
    ['v1.2.3', 'v2.0.0-hotfix', 'major'],
  ])('%s to %s is %s', (from, to, expected) => {
    expect(classOf(parseVersion(from), parseVersion(to))).toBe(expected)
  })

  it('agrees with the order of versions', () => {
    const version = fc.record({ major: fc.nat(3), minor: fc.nat(3), patch: fc.nat(3), hotfix: fc.boolean() })
    fc.assert(
      fc.property(version, version, (from, to) => {
        const found = classOf(from, to)
        const order = Math.sign(compareVersions(to, from))
        expect(found === 'same').toBe(order === 0)
        expect(found === 'downgrade').toBe(order < 0)
        expect(found).not.toBe('configuration')
      }),
    )
  })
})

describe('parseClass', () => {
  it('reads the names of the table', () => {
    expect(CHANGE_CLASSES.map((name) => parseClass(name, 'class'))).toEqual([...CHANGE_CLASSES])
  })

  it('refuses others with the valid ones', () => {
    const attempt = () => parseClass('Minor', 'change-class')
    expect(attempt).toThrow('The value "Minor" of change-class is no class of change; did you mean "minor"?')
    expect(attempt).toThrow(
      expect.objectContaining({ next: 'Valid values: configuration, patch, minor, major, hotfix' }),
    )
  })
})

describe('adjustClass', () => {
  it('keeps what was found when nothing or the same is wanted', () => {
    const expected = { class: 'minor', found: 'minor', adjustment: 'none' }
    expect(adjustClass('minor')).toEqual(expected)
    expect(adjustClass('minor', { class: 'minor', reason: 'unused' })).toEqual(expected)
  })

  it('raises without a reason', () => {
    expect(adjustClass('patch', { class: 'major' })).toEqual({
      class: 'major',
      found: 'patch',
      adjustment: 'raised',
    })
    expect(adjustClass('hotfix', { class: 'patch' }).adjustment).toBe('raised')
  })

  it('lowers only with a reason', () => {
    const wanted = { class: 'patch', reason: ' only logging ' } as const
    expect(adjustClass('minor', wanted)).toEqual({
      class: 'patch',
      found: 'minor',
      adjustment: 'lowered',
      reason: 'only logging',
    })
    for (const reason of [undefined, '', '  ']) {
      expect(() => adjustClass('minor', { class: 'patch', reason })).toThrow(UserError)
    }
  })

  it('treats a hotfix as the loosest class', () => {
    expect(() => adjustClass('patch', { class: 'hotfix' })).toThrow(
      'The versions make this a patch change; it can be called hotfix only with a reason',
    )
  })

  it('never makes a new version a configuration change', () => {
    expect(() => adjustClass('patch', { class: 'configuration', reason: 'please' })).toThrow(
      'A patch change cannot be called a configuration change: it brings a new version',
    )
  })

  it('allows every pair in one direction without a reason', () => {
    for (const a of CHANGE_CLASSES) {
      for (const b of CHANGE_CLASSES) {
        if (a === b) continue
        const attempts = [() => adjustClass(a, { class: b }), () => adjustClass(b, { class: a })]
        expect(attempts.filter((attempt) => !throws(attempt))).toHaveLength(1)
      }
    }
  })
})

function throws(attempt: () => unknown): boolean {
  try {
    attempt()
    return false
  } catch {
    return true
  }
}

describe('firstDeploymentClass', () => {
  it('is the given one', () => {
    expect(firstDeploymentClass(parseVersion('v1.0.0'), 'major')).toEqual({
      class: 'major',
      adjustment: 'first-deployment',
    })
  })

  it('must be given', () => {
    expect(() => firstDeploymentClass(parseVersion('v1.0.0'), undefined)).toThrow(
      'The class of v1.0.0 cannot be told: no deployment of this pipeline is recorded to compare it with',
    )
  })
})

describe('requirementsFor', () => {
  const runbook = loadRunbook(TEN_LINES, { file: 'runbook.yaml' })

  it.each([
    ['configuration', 'low', 'production-team-lead', 'rolling', 'preferred', 15, 60],
    ['patch', 'low', 'production-team-lead', 'rolling', 'preferred', 15, 60],
    ['minor', 'medium', 'production-product-owner', 'rolling', 'preferred', 15, 60],
    ['major', 'high', 'production-engineering-manager', 'canary', 'preferred', 15, 60],
    ['hotfix', 'medium', 'production-on-call', 'rolling', 'any', 30, 30],
  ] as const)(
    '%s: the first table of the runbook',
    (name, risk, approval, strategy, window, critical, important) => {
      expect(requirementsFor(runbook, name, 'production')).toEqual({
        risk,
        approval,
        approvers: 1,
        strategy,
        window,
        criticalMs: critical * 60_000,
        importantMs: important * 60_000,
        confirm: expect.any(Array),
      })
    },
  )

  it('lists what a person confirms: nothing, the minor lines, and more for major', () => {
    const lines = CHANGE_CLASSES.map((name) => requirementsFor(runbook, name, 'production').confirm)
    expect(lines.map((list) => list.length)).toEqual([0, 0, 4, 9, 0])
    expect(lines[3]).toEqual(expect.arrayContaining(lines[2] ?? []))
  })

  it('follows the runbook and the strategy of the environment', () => {
    const text = TEN_LINES.replace('kafka-pipeline-staging }', 'kafka-pipeline-staging, strategy: rolling }')
    const own = loadRunbook(`${text}changes:\n  major: { approvers: 2, watch: 2h, confirm: [] }\n`, {
      file: 'r',
    })
    expect(requirementsFor(own, 'major', 'staging')).toMatchObject({
      strategy: 'rolling',
      approvers: 2,
      confirm: [],
    })
    expect(requirementsFor(own, 'major', 'production')).toMatchObject({
      strategy: 'canary',
      criticalMs: 7_200_000,
      importantMs: 7_200_000,
    })
  })

  it('refuses an environment that the runbook does not name', () => {
    const attempt = () => requirementsFor(runbook, 'patch', 'prodution')
    expect(attempt).toThrow('The runbook has no environment "prodution"; did you mean "production"?')
    expect(attempt).toThrow(expect.objectContaining({ next: 'Its environments: staging, production' }))
    expect(() => requirementsFor(runbook, 'patch', 'constructor')).toThrow(UserError)
  })
})
