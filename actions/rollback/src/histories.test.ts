import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { FakeCluster, FakeStore, restoresAtOnce } from '@runbook-actions/shared/cluster/cluster.fixture.ts'
import { podOf, settledComponent } from '@runbook-actions/shared/cluster/component.fixture.ts'
import { runningDigests } from '@runbook-actions/shared/cluster/image.ts'
import { FakeLock } from '@runbook-actions/shared/cluster/lock.fixture.ts'
import { takeSnapshot } from '@runbook-actions/shared/cluster/snapshot.ts'
import { runsExactly } from '@runbook-actions/shared/cluster/what-runs.ts'
import { goodSources } from '@runbook-actions/shared/gates/sources.fixture.ts'
import { silent } from '@runbook-actions/shared/ports.ts'
import { recordId } from '@runbook-actions/shared/record/open.ts'
import { recordOf } from '@runbook-actions/shared/record/record.fixture.ts'
import type { KnownGood } from '@runbook-actions/shared/record/schema.ts'
import { loadRunbook } from '@runbook-actions/shared/runbook/load.ts'
import { lockedRollback } from './locked.ts'

const names = ['event-ingester', 'download-worker']
const runbook = loadRunbook(
  `version: 1
pipeline: kafka-pipeline
environments: { production: { namespace: kafka-pipeline } }
components: [{ deployment: event-ingester }, { deployment: download-worker }]
`,
  { file: 'runbook.yaml' },
)

/** What can happen to an environment. */
type Step =
  | { readonly do: 'deploy'; readonly isGood: boolean; readonly rolled: number }
  | { readonly do: 'configure' }
  | { readonly do: 'scale'; readonly component: number; readonly replicas: number }
  | { readonly do: 'rollback'; readonly killedAfter: number | undefined; readonly isStuck: boolean }

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    do: fc.constant('deploy' as const),
    isGood: fc.boolean(),
    // Of a deployment that dies half-way.
    rolled: fc.integer({ min: 0, max: names.length }),
  }),
  fc.constant({ do: 'configure' as const }),
  fc.record({
    do: fc.constant('scale' as const),
    component: fc.integer({ min: 0, max: names.length - 1 }),
    replicas: fc.integer({ min: 1, max: 4 }),
  }),
  fc.record({
    do: fc.constant('rollback' as const),
    killedAfter: fc.option(fc.integer({ min: 0, max: 2 }), { nil: undefined }),
    isStuck: fc.boolean(),
  }),
)

/** An environment in memory, and the suite as far as it writes there. */
class Production {
  readonly cluster = new FakeCluster()
  readonly store = new FakeStore()
  readonly clock = { now: (): Date => new Date(this.#now) }
  /** The configuration that there is to go back to: as it was when a deployment came over what was good. */
  settings = 'level 0'
  #now = Date.parse('2026-11-23T10:00:00Z')
  #count = 0
  /** Every content that was made, by version and component. */
  readonly #digests = new Map<string, string>()

  constructor() {
    this.cluster.onWait = (until) => {
      this.#now = Math.max(this.#now + 1000, until.getTime())
    }
    this.#configure(this.settings)
    for (const name of names) this.#put(name, 'v1.0.0', 2)
  }

  async deploy({ isGood, rolled }: Extract<Step, { do: 'deploy' }>): Promise<void> {
    this.#count += 1
    this.#now += 60_000
    const version = `v1.${this.#count}.0`
    const { latest, knownGood } = this.store.memory
    const states = [...this.cluster.states.values()]
    const standsOnGood = knownGood !== undefined && runsExactly(knownGood, states)
    const isBad = latest !== undefined && latest.id !== knownGood?.recordId
    const kept = !standsOnGood && isBad ? latest.snapshot : undefined
    const snapshot =
      kept ?? (await takeSnapshot(this.cluster, states, { clock: this.clock, signal: never() }))
    if (kept === undefined) this.settings = this.#level
    const run = { ...recordOf().run, id: String(this.#count) }
    const record = recordOf({
      version,
      run,
      id: recordId({ pipeline: 'kafka-pipeline', environment: 'production', version, run }),
      snapshot,
      ...(knownGood !== undefined && { from: knownGood }),
    })
    await this.store.save(record)
    const done = isGood ? names : names.slice(0, rolled)
    for (const name of done) this.#put(name, version, this.#replicasOf(name))
    if (!isGood) return
    const good = this.#whatRuns(record.id, version)
    const state = await takeSnapshot(this.cluster, this.cluster.states.values(), {
      clock: this.clock,
      signal: never(),
    })
    await this.store.saveGood(record, { good, state })
    this.settings = this.#level
  }

  configure(): void {
    this.#count += 1
    this.#configure(`level ${this.#count}`)
  }

  scale(component: number, replicas: number): void {
    const name = names[component]
    const image = this.#imageOf(name ?? '')
    const version = /:(v[^@]+)/.exec(image)?.[1] ?? ''
    if (name !== undefined) this.#put(name, version, replicas, image)
  }

  /** A run that goes back; `killedAfter` writes of Deployments it dies. */
  async rollback(killedAfter: number | undefined, isStuck: boolean) {
    const { latest } = this.store.memory
    if (latest === undefined) return undefined
    this.#now += 60_000
    const lock = new FakeLock()
    const controller = new AbortController()
    let writes = 0
    this.cluster.onRestore = () => {
      if (writes === killedAfter) {
        controller.abort(new Error('killed'))
        throw new Error('killed')
      }
      writes += 1
    }
    this.cluster.restoring.clear()
    for (const name of names)
      this.cluster.restoring.set(name, (wanted, before) => {
        const back = restoresAtOnce(wanted, before)
        const image = String(back.deployment.spec?.template.spec?.containers[0]?.image)
        const digest = this.#digestOf(name, /:(v[^@]+)/.exec(image)?.[1] ?? '')
        const [set] = back.replicaSets
        if (set === undefined) throw new Error('no ReplicaSet')
        const stuck = { waiting: { reason: 'InvalidImageName', message: 'gone' } }
        const pods = back.pods.map((_, index) => podOf(set, String(index), { digest }))
        return { ...back, pods: isStuck ? [podOf(set, 'stuck', stuck), ...before.pods] : pods }
      })
    const result = await lockedRollback(
      {
        runbook,
        record: latest,
        wish: { kind: 'known-good' },
        components: [],
        schemaOverride: undefined,
        reason: 'errors',
        run: { ...latest.run, id: `rollback-${this.#count}` },
        dryRun: false,
        command: '',
      },
      {
        cluster: this.cluster,
        store: this.store,
        lock,
        connect: () => ({
          sources: goodSources(this.cluster, { clock: this.clock }),
          close: () => Promise.resolve(),
        }),
        clock: this.clock,
        log: silent,
        signal: controller.signal,
      },
    )
    return { result, calls: lock.calls }
  }

  /** Pods that could not be made come up as their template says. */
  heal(): void {
    for (const [name, state] of this.cluster.states) {
      const [set] = state.replicaSets
      const image = this.#imageOf(name)
      if (set === undefined || state.pods.every(({ status }) => status?.phase === 'Running')) continue
      const digest = this.#digestOf(name, /:(v[^@]+)/.exec(image)?.[1] ?? '')
      const count = this.#replicasOf(name)
      const pods = Array.from({ length: count }, (_, index) => podOf(set, String(index), { digest }))
      this.cluster.states.set(name, { ...state, pods })
    }
  }

  /** The versions that pods run, by their content. */
  get running(): string[] {
    const versions = [...this.cluster.states].flatMap(([name, state]) =>
      [...runningDigests(state, name).keys()].map(
        (digest) => [...this.#digests].find(([, each]) => each === digest)?.[0].split(' ')[0] ?? 'nothing',
      ),
    )
    return [...new Set(versions)]
  }

  #whatRuns(id: string, version: string): KnownGood {
    return {
      recordId: id,
      version,
      commit: 'c0ffee',
      at: this.clock.now().toISOString(),
      components: names.map((deployment) => ({
        deployment,
        container: deployment,
        image: this.#imageOf(deployment),
        digest: this.#digestOf(deployment, version),
        pods: this.#replicasOf(deployment),
      })),
    }
  }

  get #level(): string {
    return this.cluster.configMaps.get('settings')?.LEVEL ?? ''
  }

  #configure(level: string): void {
    this.cluster.configMaps.set('settings', { LEVEL: level })
  }

  #imageOf(name: string): string {
    return String(this.cluster.states.get(name)?.deployment.spec?.template.spec?.containers[0]?.image)
  }

  #replicasOf(name: string): number {
    return this.cluster.states.get(name)?.deployment.spec?.replicas ?? 0
  }

  #digestOf(name: string, version: string): string {
    const key = `${version} ${name}`
    const known = this.#digests.get(key) ?? `sha256:${String(this.#digests.size + 1).padStart(64, '0')}`
    this.#digests.set(key, known)
    return known
  }

  #put(name: string, version: string, replicas: number, image = `registry.local/${name}:${version}`): void {
    const before = this.cluster.states.get(name)?.deployment.metadata?.annotations
    const revision = String(Number(before?.['deployment.kubernetes.io/revision'] ?? 0) + 1)
    const digest = this.#digestOf(name, version)
    const settled = settledComponent({ name, replicas, revision, image, digest })
    const spec = structuredClone(settled.deployment.spec!)
    spec.template.spec!.containers[0]!.envFrom = [{ configMapRef: { name: 'settings' } }]
    this.cluster.states.set(name, { ...settled, deployment: { ...settled.deployment, spec } })
  }
}

function never(): AbortSignal {
  return new AbortController().signal
}

describe('a rollback, after whatever has happened', () => {
  it('ends on the last known good release, or says that it failed; one version runs, and no lock is held', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
        const production = new Production()
        await production.deploy({ do: 'deploy', isGood: true, rolled: 2 })
        const all: Step[] = [...steps, { do: 'rollback', killedAfter: undefined, isStuck: false }]
        for (const each of all) {
          if (each.do === 'deploy') await production.deploy(each)
          else if (each.do === 'configure') production.configure()
          else if (each.do === 'scale') production.scale(each.component, each.replicas)
          else {
            const done = await production.rollback(each.killedAfter, each.isStuck)
            expect(done?.calls).toEqual(['acquire', 'release'])
            const outcome = done?.result.outcome
            const { knownGood, latest } = production.store.memory
            if (outcome === 'rolled-back' || outcome === 'passed') {
              expect(production.running).toEqual([knownGood?.version])
              expect(production.cluster.configMaps.get('settings')?.LEVEL).toBe(production.settings)
            } else {
              expect(['rollback-failed', 'cancelled']).toContain(outcome)
              expect(latest?.phases.at(-1)?.outcome).toBe(outcome)
            }
            // What could not be pulled is there again: Kubernetes goes on by itself.
            production.heal()
          }
        }
        const last = await production.rollback(undefined, false)
        expect(last?.result.outcome).toBe('passed')
      }),
      { numRuns: 1000 },
    )
  }, 120_000)
})
