// Our rule for a rollout against kubectl's own code, on states that no cluster needs to be brought into.
import { execFile } from 'node:child_process'
import { realpathSync } from 'node:fs'
import { beforeAll, describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import * as z from 'zod'
import { podOf, replicaSetOf } from './component.fixture.ts'
import { splitPods, isReady, replicasOf, type ComponentState, type Deployment } from './component.ts'
import { rolloutProgress, type RolloutProgress } from './rollout-progress.ts'

const since = new Date('2026-11-23T10:00:00Z')
const states = 1_000

const verdictSchema = z.object({ message: z.string(), done: z.boolean(), error: z.string().optional() })
type Verdict = z.infer<typeof verdictSchema>

/** What `kubectl rollout status` says of each: its code, run by the rehearsal's cluster program. */
async function kubectlVerdicts(deployments: readonly Deployment[]): Promise<Verdict[]> {
  const kubectl = process.env.REHEARSAL_KUBECTL
  if (kubectl === undefined) throw new Error('REHEARSAL_KUBECTL is not set: scripts/test-servers.ts sets it')
  const output = await new Promise<string>((resolve, reject) => {
    // kubectl is a link to the program that has both.
    const child = execFile(
      realpathSync(kubectl),
      ['rollout-status'],
      { maxBuffer: 16 << 20 },
      (error, stdout, stderr) => {
        if (error === null) resolve(stdout)
        else reject(new Error(stderr, { cause: error }))
      },
    )
    child.stdin?.end(
      deployments
        .map((each) => `${JSON.stringify({ apiVersion: 'apps/v1', kind: 'Deployment', ...each })}\n`)
        .join(''),
    )
  })
  return output
    .trim()
    .split('\n')
    .map((line) => verdictSchema.parse(JSON.parse(line)))
}

/** Mostly of a rollout that is near its end, because that is where rules differ; each field may be missing or null. */
const odd = <T>(value: fc.Arbitrary<T>) =>
  fc.oneof({ weight: 10, arbitrary: value }, { weight: 1, arbitrary: fc.constantFrom(null, undefined) })
const count = odd(fc.oneof({ weight: 3, arbitrary: fc.constant(3) }, { weight: 1, arbitrary: fc.nat(5) }))
const condition = fc.record({
  type: fc.constantFrom('Progressing', 'Available', 'ReplicaFailure'),
  status: fc.constantFrom('True', 'False', 'Unknown'),
  reason: fc.constantFrom(
    'ProgressDeadlineExceeded',
    'NewReplicaSetAvailable',
    'ReplicaSetUpdated',
    'DeploymentPaused',
  ),
  lastUpdateTime: odd(
    fc.constantFrom('2026-11-23T09:00:00Z', '2026-11-23T10:00:00Z', '2026-11-23T10:05:00Z'),
  ),
})
const deployment = fc.record({
  metadata: fc.record({
    name: fc.constant('download-worker'),
    generation: odd(fc.integer({ min: 1, max: 3 })),
  }),
  spec: fc.record({ replicas: count, paused: odd(fc.boolean()) }),
  status: odd(
    fc.record({
      observedGeneration: odd(fc.oneof({ weight: 4, arbitrary: fc.constant(3) }, fc.nat(3))),
      replicas: count,
      updatedReplicas: count,
      availableReplicas: count,
      readyReplicas: count,
      conditions: odd(fc.array(condition, { maxLength: 3 })),
    }),
  ),
})
const pods = fc.record({
  ready: fc.oneof({ weight: 3, arbitrary: fc.constant(5) }, fc.nat(5)),
  draining: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.nat(2)),
})

function componentOf(
  shape: unknown,
  { ready, draining }: { ready: number; draining: number },
): ComponentState {
  // The API server serves what the types say; a proxy, an older server or a half-written object may not.
  const generated = shape as Deployment
  const named: Deployment = {
    ...generated,
    metadata: { ...generated.metadata, annotations: { 'deployment.kubernetes.io/revision': '2' } },
  }
  const current = replicaSetOf(named, 'new', '2')
  const old = replicaSetOf(named, 'old', '1')
  return {
    deployment: named,
    replicaSets: [current, old],
    pods: [
      ...Array.from({ length: ready }, (_, index) => podOf(current, String(index))),
      ...Array.from({ length: draining }, (_, index) => podOf(old, String(index), { terminating: true })),
    ],
  }
}

/** Where ours is another answer on purpose, and what kubectl would say of the Deployment that we take it for. */
const deliberate: readonly {
  readonly name: string
  readonly applies: (deployment: Deployment) => boolean
  readonly taken: (deployment: Deployment) => Deployment
}[] = [
  {
    // It stays until the first progress: a good rollback would be reported as failed.
    name: 'a deadline that was exceeded before the rollout began is not this rollout’s',
    applies: ({ status }) => {
      const progressing = status?.conditions?.find(({ type }) => type === 'Progressing')
      const at = Date.parse(progressing?.lastUpdateTime ?? '')
      return progressing?.reason === 'ProgressDeadlineExceeded' && !(at >= since.getTime())
    },
    taken: (of) => ({
      ...of,
      status: { ...of.status, conditions: [] },
    }),
  },
  {
    // The API server's default; kubectl does not ask at all how many there should be.
    name: 'replicas that are not given are one',
    applies: ({ spec }) => typeof spec?.replicas !== 'number',
    taken: (of) => ({ ...of, spec: { selector: {}, template: {}, ...of.spec, replicas: 1 } }),
  },
]

const asKubectl = ({ state, message }: Pick<RolloutProgress, 'state' | 'message'>): Verdict =>
  state === 'deadline-exceeded'
    ? { message: '', done: false, error: message }
    : { message, done: state === 'complete' }

describe('rolloutProgress and kubectl rollout status', () => {
  const samples = fc
    .sample(fc.tuple(deployment, pods), { numRuns: states, seed: 20_261_123 })
    .map(([shape, running]) => componentOf(shape, running))
  const asTaken = samples.map(({ deployment: of }) =>
    deliberate.reduce((left, { applies, taken }) => (applies(left) ? taken(left) : left), of),
  )
  let verdicts: readonly Verdict[] = []
  let raw: readonly Verdict[] = []

  beforeAll(async () => {
    raw = await kubectlVerdicts(samples.map(({ deployment: of }) => of))
    verdicts = await kubectlVerdicts(asTaken)
  })

  it('agree, wherever ours is not stricter on purpose', () => {
    const seen = { agreed: 0, done: 0, failed: 0, stricter: 0 }
    for (const [index, component] of samples.entries()) {
      const theirs = verdicts[index]!
      const ours = rolloutProgress(component, since)
      const { current, old } = splitPods(component)
      const podsAreThere =
        current.filter(isReady).length >= replicasOf(component.deployment) && old.length === 0
      if (theirs.done && !podsAreThere) {
        // kubectl does not look at pods: neither at those that are not seen Ready yet, nor at those that still drain.
        expect({ index, state: ours.state }).toEqual({ index, state: 'progressing' })
        expect(ours.message).toMatch(/updated pods are seen Ready|old pods are still there/)
        seen.stricter += 1
      } else {
        expect({ index, ...asKubectl(ours) }).toEqual({ index, ...theirs })
        seen.agreed += 1
        if (theirs.done) seen.done += 1
        if (theirs.error !== undefined) seen.failed += 1
      }
    }
    expect(seen.agreed + seen.stricter).toBe(states)
    // Each kind of answer was really compared.
    for (const times of Object.values(seen)) expect(times).toBeGreaterThan(20)
  })

  it.each(deliberate)('$name: met, and kubectl answers otherwise', ({ applies }) => {
    const met = samples.flatMap((component, index) => (applies(component.deployment) ? [index] : []))
    const differs = met.filter((index) => {
      const ours = asKubectl(rolloutProgress(samples[index]!, since))
      return JSON.stringify(ours) !== JSON.stringify(raw[index])
    })
    expect(differs.length).toBeGreaterThan(5)
  })

  it('kubectl agrees with itself where nothing is taken otherwise', () => {
    const same = samples.flatMap(({ deployment: of }, index) => (asTaken[index] === of ? [index] : []))
    expect(same.length).toBeGreaterThan(states / 2)
    for (const index of same) expect(verdicts[index]).toEqual(raw[index])
  })
})
