import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import * as z from 'zod'
import { recordSchema, knownGoodSchema } from '../../packages/shared/src/record/schema.ts'
import { ActionStage, type Ended } from './action-stage.fixture.ts'
import { ApiRelay, type Accident } from './api-relay.fixture.ts'

/** For all of them together, on a slow machine. */
const limitMs = 400_000
/** How many deployments go on at the same time: they mostly wait for their pods. */
const lanes = 3

const text = z.record(z.string(), z.string())
const deploymentSchema = z.object({
  metadata: z.object({ generation: z.number(), labels: text.optional(), annotations: text }),
  spec: z.object({ replicas: z.number(), template: z.unknown() }),
})
const listSchema = z.object({ items: z.array(z.unknown()) })
const configMapSchema = z.object({ data: text })

let stage: ActionStage
/** What a pipeline is deployed by. */
interface Planned {
  /** The record of its plan, for the first of its environments. */
  readonly record: string
  readonly first: string
  readonly wake: number
}

/** Plans v1.1.0 of a Deployment as it stands. */
async function plan(first: string, wake = 0): Promise<Planned> {
  const flags = ['--mode', 'plan', '--version', 'v1.1.0', '--first-deployment-class', 'minor']
  const runbook = await stage.runbook(first, first, wake)
  const planned = await stage.run('preflight', await stage.kubeconfig('runbook-reader'), [
    ...flags,
    '--runbook',
    runbook,
  ])
  expect(planned.log).toBe(planned.code === 0 ? planned.log : 'a passed plan')
  return { record: planned.outputs.record ?? '', first, wake }
}

beforeAll(async () => {
  stage = await ActionStage.open('crash', process.env)
})
afterAll(() => stage.close())

type Run = (
  name: string,
  kubeconfig: string,
  meet?: (kill: (signal: NodeJS.Signals) => void) => void,
) => Promise<Ended>

/** The steps of the job Production, one after the other; where one does not pass, the next is not reached. */
const deployOnce =
  ({ record, first, wake }: Planned): Run =>
  async (name, kubeconfig, meet) => {
    const common = ['--runbook', await stage.runbook(name, name, wake)]
    const step = async (action: string, handedOn: string): Promise<Ended> => {
      const running = await stage.start(action, kubeconfig, [...common, '--record', handedOn])
      meet?.((signal) => running.child.kill(signal))
      return running.ended
    }
    const rolled = await step('rollout', record.replaceAll(first, name))
    return rolled.code === 0 ? step('validate', rolled.outputs.record ?? '') : rolled
  }

/** All that a deployment leaves behind, without times and names that are made up. */
async function leftBehind(name: string): Promise<unknown> {
  const read = async (kind: string, ...rest: string[]): Promise<unknown> =>
    JSON.parse((await stage.admin(['get', kind, ...rest, '-o', 'json'])).replaceAll(name, 'this'))
  const { metadata, spec } = deploymentSchema.parse(await read('deployment', name))
  const { items: sets } = listSchema.parse(await read('replicasets', '-l', `app=${name}`))
  const { data } = configMapSchema.parse(await read('configmap', `runbook-record-${name}-production`))
  const latest = recordSchema.parse(JSON.parse(data['record.json'] ?? ''))
  const good = knownGoodSchema
    .optional()
    .parse(data['known-good.json'] === undefined ? undefined : JSON.parse(data['known-good.json']))
  const { 'kubectl.kubernetes.io/last-applied-configuration': _, ...annotations } = metadata.annotations
  return {
    deployment: {
      generation: metadata.generation,
      replicas: spec.replicas,
      labels: metadata.labels,
      annotations,
      template: spec.template,
    },
    replicaSets: sets.length,
    phases: latest.phases.map(({ phase, outcome }) => `${phase} ${outcome}`),
    deployed: latest.deployed,
    snapshot: latest.snapshot && {
      deployments: latest.snapshot.deployments.map(({ revision, template, digests }) => ({
        revision,
        template,
        digests,
      })),
      configMaps: latest.snapshot.configMaps.map(({ name: of, copy }) => ({ of, copy })),
    },
    good: good && { version: good.version, recordId: good.recordId, components: good.components },
  }
}

/** What happens to a run, at which of its writes. */
interface Crash {
  readonly name: string
  readonly what: string
  readonly at: number
  readonly signal: NodeJS.Signals
  readonly executed: boolean
}

const kinds = [
  { signal: 'SIGKILL', executed: false },
  { signal: 'SIGKILL', executed: true },
  { signal: 'SIGINT', executed: true },
] as const

/** Every kind of end at every write, each in an environment of its own. */
function crashesAt(writes: readonly string[], prefix: string): Crash[] {
  return writes.flatMap((write, index) =>
    kinds.map(({ signal, executed }) => ({
      name: `${prefix}-${index + 1}-${signal.toLowerCase()}-${executed ? 'after' : 'before'}`,
      what: `${index + 1}: ${signal} ${executed ? 'after' : 'before'} ${write}`,
      at: index + 1,
      signal,
      executed,
    })),
  )
}

const account = 'runbook-deployer'

/** Lets a run meet its crash, runs it again, and tells what is left. */
async function crash(
  { name, at, signal, executed }: Crash,
  run: Run,
  look: (name: string) => Promise<unknown>,
) {
  const relay = await ApiRelay.open(stage)
  const kubeconfig = await stage.kubeconfig(account, (user) => relay.kubeconfig(user))
  let met = false
  await run(name, kubeconfig, (kill) => {
    const happens = (): void => {
      met = true
      kill(signal)
    }
    relay.accident = { at, executed, happens } satisfies Accident
  })
  relay.accident = undefined
  // Who was killed could not give its lock back: let its lease be over.
  const past = { spec: { renewTime: '2026-01-01T00:00:00.000000Z' } }
  const patch = ['--type=merge', '-p', JSON.stringify(past)]
  await stage.admin(['patch', 'lease', `runbook-${name}-production`, ...patch])
  const again = await run(name, kubeconfig)
  await relay.close()
  return { met, again: again.code === 0 ? 0 : again.log, left: await look(name) }
}

/** Some at the same time; what came of each, by what happened to it. */
async function crashAll(crashes: readonly Crash[], play: (each: Crash) => Promise<unknown>) {
  const found: Record<string, unknown> = {}
  const waiting = [...crashes]
  const lane = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift())
      found[next.what] = await play(next)
  }
  await Promise.all(Array.from({ length: lanes }, lane))
  return found
}

/** The writes of a run that nothing happens to; it must pass. */
async function writesOf(run: Run, name: string): Promise<readonly string[]> {
  const observed = await ApiRelay.open(stage)
  const kubeconfig = await stage.kubeconfig(account, (user) => observed.kubeconfig(user))
  const undisturbed = await run(name, kubeconfig)
  expect(undisturbed.log).toBe(undisturbed.code === 0 ? undisturbed.log : 'a run that passed')
  await observed.close()
  return observed.writes
}

describe('a deployment that is killed or cancelled at any of its writes', () => {
  it(
    'ends, when it is run again, as if nothing had happened',
    async () => {
      await stage.deploy('case-0')
      const deploys = deployOnce(await plan('case-0'))
      const crashes = crashesAt(await writesOf(deploys, 'case-0'), 'case')
      const wanted = await leftBehind('case-0')
      await stage.deploy(...crashes.map(({ name }) => name))
      const found = await crashAll(crashes, (each) => crash(each, deploys, leftBehind))
      expect(found).toEqual(
        Object.fromEntries(crashes.map(({ what }) => [what, { met: true, again: 0, left: wanted }])),
      )
    },
    limitMs,
  )
})

/** How often it was scaled is counted by its generation, and is no part of what is left. */
async function leftAsleep(name: string): Promise<unknown> {
  const found = z.looseObject({ deployment: z.looseObject({ generation: z.number() }) })
  const { deployment, ...left } = found.parse(await leftBehind(name))
  const { generation: _, ...kept } = deployment
  return { ...left, deployment: kept }
}

describe('a deployment that wakes a component, killed or cancelled at any write of it', () => {
  it(
    'ends, when it is run again, with the component asleep as it was, and validated awake',
    async () => {
      await stage.deploy('nap-0')
      await stage.putToSleep('nap-0')
      const deploys = deployOnce(await plan('nap-0', 1))
      const writes = await writesOf(deploys, 'nap-0')
      // The image, then it is held and given back; the writes of the record are those of the deployment above.
      const crashes = crashesAt(writes, 'nap').filter(({ what }) => what.includes('/deployments/'))
      expect(crashes).toHaveLength(3 * kinds.length)
      const wanted = await leftAsleep('nap-0')
      expect(wanted).toMatchObject({ deployment: { replicas: 0 }, deployed: [{ pods: 1 }] })
      const names = crashes.map(({ name }) => name)
      await stage.deploy(...names)
      await stage.putToSleep(...names)
      const found = await crashAll(crashes, (each) => crash(each, deploys, leftAsleep))
      expect(found).toEqual(
        Object.fromEntries(crashes.map(({ what }) => [what, { met: true, again: 0, left: wanted }])),
      )
    },
    limitMs,
  )
})

/** Goes back to what ran before the deployment. */
const rollBackOnce: Run = async (name, kubeconfig, meet) => {
  const flags = ['--runbook', await stage.runbook(name, name), '--target', 'before', '--reason', 'errors']
  const running = await stage.start('rollback', kubeconfig, flags)
  meet?.((signal) => running.child.kill(signal))
  return running.ended
}

/** What a rollback leaves: how often it was tried is told by the record, and is no part of it. */
async function leftAfterRollback(name: string): Promise<unknown> {
  const { phases, ...left } = z.looseObject({ phases: z.array(z.string()) }).parse(await leftBehind(name))
  return { ...left, last: phases.at(-1) }
}

describe('a rollback that is killed or cancelled at any of its writes', () => {
  it(
    'ends, when it is run again, as if nothing had happened',
    async () => {
      await stage.deploy('back-0')
      const deploys = deployOnce(await plan('back-0'))
      await deploys('back-0', await stage.kubeconfig(account))
      const crashes = crashesAt(await writesOf(rollBackOnce, 'back-0'), 'back')
      const wanted = await leftAfterRollback('back-0')
      await stage.deploy(...crashes.map(({ name }) => name))
      const found = await crashAll(crashes, async (each) => {
        await deploys(each.name, await stage.kubeconfig(account))
        return crash(each, rollBackOnce, leftAfterRollback)
      })
      expect(found).toEqual(
        Object.fromEntries(crashes.map(({ what }) => [what, { met: true, again: 0, left: wanted }])),
      )
    },
    limitMs,
  )
})
