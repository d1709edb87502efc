import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { changedFields, describeChange } from './object-diff.ts'

const lines = (before: object | undefined, after: object): string[] =>
  changedFields(before, after).map(describeChange)

const deployment = (image: string, env: object[] = [], metadata: object = {}) => ({
  metadata: { name: 'worker', ...metadata },
  spec: { replicas: 2, template: { spec: { containers: [{ name: 'worker', image, env }] } } },
})

describe('changedFields', () => {
  it('names the container, not its place in the list', () => {
    expect(lines(deployment('r/worker:v1'), deployment('r/worker:v2'))).toEqual([
      'spec.template.spec.containers[worker].image: "r/worker:v1" → "r/worker:v2"',
    ])
  })

  it('leaves out what the server keeps for itself', () => {
    const kept = (version: string) => ({
      resourceVersion: version,
      generation: Number(version),
      managedFields: [{ manager: version }],
    })
    const before = { ...deployment('r/worker:v1', [], kept('1')), status: { replicas: 1 } }
    expect(lines(before, { ...deployment('r/worker:v1', [], kept('2')), status: { replicas: 2 } })).toEqual(
      [],
    )
  })

  it('does not tell what an object is, which only one of the two may say', () => {
    const said = { kind: 'Deployment', apiVersion: 'apps/v1', ...deployment('r/worker:v1') }
    expect(lines(deployment('r/worker:v1'), said)).toEqual([])
    expect(lines(undefined, said)[0]).toBe('kind: (not there) → "Deployment"')
  })

  it('tells what comes and what goes', () => {
    expect(
      lines(
        deployment('r/worker:v1', [{ name: 'A', value: '1' }]),
        deployment('r/worker:v1', [{ name: 'B', value: '2' }], { labels: { team: 'x' } }),
      ),
    ).toEqual([
      'metadata.labels.team: (not there) → "x"',
      'spec.template.spec.containers[worker].env[B].name: (not there) → "B"',
      'spec.template.spec.containers[worker].env[B].value: (not there) → "2"',
      'spec.template.spec.containers[worker].env[A].name: "A" → (removed)',
      'spec.template.spec.containers[worker].env[A].value: "1" → (removed)',
    ])
  })

  it.each([
    [
      'an environment variable',
      deployment('r', [{ name: 'DB_PASSWORD', value: 'x1' }]),
      deployment('r', [{ name: 'DB_PASSWORD', value: 'x2' }]),
    ],
    ['a key of a ConfigMap', { data: { 'api-key': 'x1' } }, { data: { 'api-key': 'x2' } }],
    [
      'an annotation',
      { metadata: { annotations: { 'example/token': 'x1' } } },
      { metadata: { annotations: { 'example/token': 'x2' } } },
    ],
  ])('masks the value of %s with a telling name', (_, before, after) => {
    const [line, ...others] = lines(before, after)
    expect(others).toEqual([])
    expect(line).toMatch(/: \*\*\* → \*\*\*$/)
  })

  it('shows the names of Secrets: they are none', () => {
    const from = (name: string) => ({ name: 'DB_PASSWORD', valueFrom: { secretKeyRef: { name, key: 'pw' } } })
    expect(lines(deployment('r', [from('old')]), deployment('r', [from('new')]))).toEqual([
      'spec.template.spec.containers[worker].env[DB_PASSWORD].valueFrom.secretKeyRef.name: "old" → "new"',
    ])
    expect(
      lines({ spec: { volumes: [{ secretName: 'a' }] } }, { spec: { volumes: [{ secretName: 'b' }] } }),
    ).toEqual(['spec.volumes[0].secretName: "a" → "b"'])
  })

  it('cuts what is too long to read, and tells an object that is new', () => {
    const [line] = lines(undefined, { data: { key: 'x'.repeat(1_000) } })
    expect(line).toMatch(/^data\.key: \(not there\) → "x{159}…$/)
  })

  it('is empty exactly for equal objects', () => {
    const json = fc.dictionary(fc.string(), fc.jsonValue(), { maxKeys: 5 })
    fc.assert(
      fc.property(json, json, (a, b) => {
        const spec = (value: object) => ({ spec: value })
        expect(changedFields(spec(a), spec(structuredClone(a)))).toEqual([])
        const isSame = JSON.stringify(sorted(a)) === JSON.stringify(sorted(b))
        expect(changedFields(spec(a), spec(b)).length === 0).toBe(isSame)
      }),
    )
  })
})

/** The same with all keys in order. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  return Object.entries(value)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, item]) => [key, sorted(item)])
}
