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
  spec: z.object({ template: z.unknown() }),
})
const listSchema = z.object({ items: z.array(z.unknown()) })
const configMapSchema = z.object({ data: text })

let stage: ActionStage
let record: string
beforeAll(async () => {
  stage = await ActionStage.open('crash', process.env)
  await stage.deploy('case-0')
  const flags = ['--mode', 'plan', '--version', 'v1.1.0', '--first-deployment-class', 'minor']
  const runbook = await stage.runbook('case-0', 'case-0')
  const planned = await stage.run('preflight', await stage.kubeconfig('runbook-reader'), [
    ...flags,
    '--runbook',
    runbook,
  ])
  expect(planned.log).toBe(planned.code === 0 ? planned.log : 'a passed plan')
  record = planned.outputs.record ?? ''
})
afterAll(() => stage.close())

/** The steps of the job Production, one after the other; where one does not pass, the next is not reached. */
async function deployOnce(
  name: string,
  kubeconfig: string,
  meet?: (kill: (signal: NodeJS.Signals) => void) => void,
): Promise<Ended> {
  const common = ['--runbook', await stage.runbook(name, name)]
  const step = async (action: string, handedOn: string): Promise<Ended> => {
    const running = await stage.start(action, kubeconfig, [...common, '--record', handedOn])
    meet?.((signal) => running.child.kill(signal))
    return running.ended
  }
  const rolled = await step('rollout', record.replaceAll('case-0', name))
  return rolled.code === 0 ? step('validate', rolled.outputs.record ?? '') : rolled
}

/** All that a deployment leaves behind, without times and names that are made up. */
async function leftBehind(name: string): Promise<unknown> {
  const read = async (kind: string, ...rest: string[]): Promise<unknown> =>
    JSON.parse((await stage.admin(['get', kind, ...rest, '-o', 'json'])).replaceAll(name, 'case'))
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

describe('a deployment that is killed or cancelled at any of its writes', () => {
  it(
    'ends, when it is run again, as if nothing had happened',
    async () => {
      const account = 'runbook-deployer'
      const observed = await ApiRelay.open(stage)
      const undisturbed = await deployOnce(
        'case-0',
        await stage.kubeconfig(account, (user) => observed.kubeconfig(user)),
      )
      expect(undisturbed.log).toBe(undisturbed.code === 0 ? undisturbed.log : 'a passed deployment')
      const wanted = await leftBehind('case-0')
      await observed.close()

      const kinds = [
        { signal: 'SIGKILL', executed: false },
        { signal: 'SIGKILL', executed: true },
        { signal: 'SIGINT', executed: true },
      ] as const
      const accidents = observed.writes.flatMap((write, index) =>
        kinds.map(({ signal, executed }) => ({
          name: `case-${index + 1}-${signal.toLowerCase()}-${executed ? 'after' : 'before'}`,
          what: `${index + 1}: ${signal} ${executed ? 'after' : 'before'} ${write}`,
          at: index + 1,
          signal,
          executed,
        })),
      )
      await stage.deploy(...accidents.map(({ name }) => name))
      const found: Record<string, unknown> = {}
      const play = async (accident: (typeof accidents)[number]): Promise<void> => {
        const { name, what, at, signal, executed } = accident
        const relay = await ApiRelay.open(stage)
        const kubeconfig = await stage.kubeconfig(account, (user) => relay.kubeconfig(user))
        let met = false
        await deployOnce(name, kubeconfig, (kill) => {
          const happens = (): void => {
            met = true
            kill(signal)
          }
          relay.accident = { at, executed, happens } satisfies Accident
        })
        relay.accident = undefined
        // Who was killed could not give its lock back: let its lease be over.
        const past = { spec: { renewTime: '2026-01-01T00:00:00.000000Z' } }
        await stage.admin([
          'patch',
          'lease',
          `runbook-${name}-production`,
          '--type=merge',
          '-p',
          JSON.stringify(past),
        ])
        const again = await deployOnce(name, kubeconfig)
        await relay.close()
        found[what] = {
          met,
          again: again.code === 0 ? 0 : again.log,
          left: await leftBehind(name),
        }
      }
      const waiting = [...accidents]
      const lane = async (): Promise<void> => {
        for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await play(next)
      }
      await Promise.all(Array.from({ length: lanes }, lane))
      expect(found).toEqual(
        Object.fromEntries(accidents.map(({ what }) => [what, { met: true, again: 0, left: wanted }])),
      )
    },
    limitMs,
  )
})
