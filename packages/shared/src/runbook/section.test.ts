import { describe, expect, it } from '@jest/globals'
import * as z from 'zod'
import { list, section } from './section.ts'

describe('section', () => {
  const schema = section({
    'image-pull': z.string().prefault('42s'),
    'latency-p95': z.number().optional(),
    plain: z.boolean().optional(),
  })

  it('turns its keys into camel case, in the type as well', () => {
    const parsed: { imagePull: string; latencyP95?: number | undefined; plain?: boolean | undefined } =
      schema.parse({
        'latency-p95': 5,
      })
    expect(parsed).toEqual({ imagePull: '42s', latencyP95: 5 })
  })

  it('refuses the camel case key in the file', () => {
    expect(schema.safeParse({ imagePull: '1s' }).error?.issues).toMatchObject([
      { code: 'unrecognized_keys', keys: ['imagePull'] },
    ])
  })

  it('runs rules although single keys are wrong', () => {
    const ruled = section(
      { a: z.number().optional(), b: z.number().optional(), c: z.string() },
      ({ a, b }, report) => {
        if (a !== undefined && b !== undefined) report(['b'], 'either a or b')
      },
    )
    const issues = ruled.safeParse({ a: 1, b: 2, c: 3, d: 4 }).error?.issues ?? []
    expect(issues.map(({ code, path }) => [code, path])).toEqual(
      expect.arrayContaining([
        ['invalid_type', ['c']],
        ['unrecognized_keys', []],
        ['custom', ['b']],
      ]),
    )
  })

  it('does not run rules on what is no mapping', () => {
    const ruled = section({ a: z.number() }, () => {
      throw new Error('must not run')
    })
    for (const value of [null, [], 'text', 5, undefined]) expect(ruled.safeParse(value).success).toBe(false)
  })
})

describe('list', () => {
  const ascending = list(z.number(), (items, report) => {
    for (const [index, item] of items.entries()) {
      const before = items[index - 1]
      if (typeof before === 'number' && typeof item === 'number' && item <= before)
        report([index], 'not above')
    }
  })

  it('runs its rule although single items are wrong', () => {
    const issues = ascending.safeParse([3, 'x', 5, 4]).error?.issues ?? []
    expect(issues.map(({ code, path }) => [code, path])).toEqual([
      ['invalid_type', [1]],
      ['custom', [3]],
    ])
  })

  it('does not run on what is no list', () => {
    expect(ascending.safeParse('text').error?.issues).toHaveLength(1)
  })
})
