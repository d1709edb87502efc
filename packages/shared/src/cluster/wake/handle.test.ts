import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import type { Wire } from '../resources.ts'
import { handleOf, heldAt, isHeldBy, pauseOfOthers, type Handled, type Patch } from './handle.ts'

/** What the API server makes of a merge patch, as far as these go. */
function patched(object: Wire<Handled>, { metadata, spec }: Patch): Wire<Handled> {
  const annotations = Object.entries({ ...object.metadata?.annotations, ...metadata.annotations })
  const kept = annotations.flatMap(([key, value]) => (value === null ? [] : [[key, value] as const]))
  return {
    metadata: { ...object.metadata, annotations: Object.fromEntries(kept) },
    spec: { ...object.spec, ...spec },
  }
}

const handles = fc.constantFrom(
  handleOf({ deployment: 'worker', replicas: 1 }),
  handleOf({ deployment: 'worker', replicas: 1, scaledObject: 'worker-keda' }),
)
const count = fc.integer({ min: 1, max: 50 })
const others = fc.dictionary(fc.constantFrom('a.example/b', 'team', 'note'), fc.string())

describe('a handle', () => {
  it('gives back exactly what it holds: mark and number, and nothing of others', () => {
    fc.assert(
      fc.property(handles, count, others, (handle, replicas, annotations) => {
        const before: Wire<Handled> = { metadata: { annotations }, spec: { replicas: 0 } }
        const held = patched(before, handle.patch(replicas))
        expect(isHeldBy(handle, before)).toBe(false)
        expect([isHeldBy(handle, held), handle.at(held)]).toEqual([true, replicas])
        expect(patched(held, handle.patch(null))).toEqual(before)
      }),
    )
  })

  it('holds nothing any more where somebody has set another number since', () => {
    fc.assert(
      fc.property(handles, count, count, (handle, replicas, theirs) => {
        fc.pre(theirs !== replicas)
        const held = patched({ metadata: {}, spec: { replicas: 0 } }, handle.patch(replicas))
        const mark = { 'runbook-actions.io/held-at': String(replicas) }
        const changed = patched(patched(held, handle.patch(theirs)), { metadata: { annotations: mark } })
        expect([isHeldBy(handle, changed), heldAt(changed.metadata?.annotations)]).toEqual([false, replicas])
      }),
    )
  })
})

describe('pauseOfOthers', () => {
  const replicas = 'autoscaling.keda.sh/paused-replicas'
  const paused = 'autoscaling.keda.sh/paused'
  it.each<[string, Record<string, string> | undefined, string | undefined]>([
    ['no annotations', undefined, undefined],
    ['paused at a number', { [replicas]: '0' }, `${replicas}: 0`],
    ['held by the suite', { [replicas]: '1', 'runbook-actions.io/held-at': '1' }, undefined],
    ['paused', { [paused]: 'true' }, `${paused}: true`],
    ['paused in a way that KEDA takes for true', { [paused]: '' }, `${paused}: `],
    ['not paused', { [paused]: 'false' }, undefined],
    [
      'held by the suite, and paused by a person too',
      { [paused]: 'true', [replicas]: '1', 'runbook-actions.io/held-at': '1' },
      `${paused}: true`,
    ],
  ])('%s', (_, annotations, wanted) => {
    expect(pauseOfOthers(annotations)).toBe(wanted)
  })
})
