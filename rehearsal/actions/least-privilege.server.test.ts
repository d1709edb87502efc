import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import * as z from 'zod'
import { canaryLabels } from '../../packages/shared/src/cluster/canary.ts'
import { auditedRequests } from '../kubernetes/requests.ts'
import { rightOf, rightsIn } from '../kubernetes/rights.ts'
import { scaledObjectDefinition } from '../../packages/shared/src/cluster/wake/scaled-object.fixture.ts'
import { ActionStage, type Running } from './action-stage.fixture.ts'

const rbac = join(import.meta.dirname, '../../rbac')
const actions = ['preflight', 'rollout', 'validate', 'rollback'] as const
type Action = (typeof actions)[number]

/** Roles beside an action's own, for uses that not every team has. */
const moreRoles: Partial<Record<Action, readonly string[]>> = {
  validate: ['config-change'],
  rollback: ['config-change'],
}

/** What a Role has and these runs do not use, each with its reason. */
const exec =
  'asked for by the API server itself before it lets a WebSocket through, which is a GET in its log'
const watchLock = 'only while another holder is asked to stop: its answer is watched for'
const unusedFor: Readonly<Record<Action, Readonly<Record<string, string>>>> = {
  preflight: {},
  rollout: {},
  validate: {
    'list coordination.k8s.io/leases': watchLock,
    'watch coordination.k8s.io/leases': watchLock,
    'create coordination.k8s.io/leases': 'the rollout has made it; only where somebody has deleted it since',
    'create /pods/exec': exec,
  },
  rollback: {
    'create /configmaps': 'only where a ConfigMap that is put back was deleted',
    'list coordination.k8s.io/leases': watchLock,
    'watch coordination.k8s.io/leases': watchLock,
    'create coordination.k8s.io/leases': 'the rollout has made it; only where somebody has deleted it since',
    'create /pods/exec': exec,
  },
}

/** What an account asked the API server about resources, by the API server's own log. */
async function asked(username: string): Promise<{ right: string; code: number }[]> {
  const requests = await auditedRequests(z.string().parse(process.env.REHEARSAL_AUDIT))
  return requests
    .filter(({ user, resource }) => user === username && resource !== '')
    .map((request) => ({ right: rightOf(request), code: request.code }))
}

/** For all uses; a minute of it waits for the lease of the one that is lost. */
const limitMs = 300_000

let stage: ActionStage
/** Runs an action under an account that has its Role and nothing else. */
let under: (action: Action, ...flags: string[]) => Promise<Running>
let done: Record<string, string>
/** Of the ScaledObject, once all is given back. */
let annotations: string
beforeAll(async () => {
  stage = await ActionStage.open('privilege', process.env)
  const kubeconfigs = Object.fromEntries(
    await Promise.all(
      actions.map(async (action) => {
        await stage.admin(['create', 'serviceaccount', `only-${action}`])
        for (const role of [action, ...(moreRoles[action] ?? [])]) {
          const whose = [`--role=runbook-${role}`, `--serviceaccount=${stage.namespace}:only-${action}`]
          await stage.admin(['create', 'rolebinding', `only-${action}-${role}`, ...whose])
        }
        return [action, await stage.kubeconfig(`only-${action}`)] as const
      }),
    ),
  )
  await stage.deploy('worker')
  const runbook = await stage.runbook('privilege', 'worker', 1)
  under = (action, ...flags) =>
    stage.start(action, kubeconfigs[action] ?? '', ['--runbook', runbook, ...flags])

  // The documented uses, one after the other, as the job Production has them; then those of a terminal.
  done = {}
  const use = async (title: string, wanted: string, action: Action, ...flags: string[]): Promise<string> => {
    const { outputs, log } = await (await under(action, ...flags)).ended
    done[title] = outputs.outcome === wanted ? 'as it should' : log
    return outputs.record ?? ''
  }
  const plan = ['--mode', 'plan', '--version', 'v1.1.0', '--first-deployment-class', 'minor']
  const planned = await use('plan', 'passed', 'preflight', ...plan)
  const checked = await use('re-check', 'passed', 'preflight', '--mode', 're-check', '--record', planned)
  const rolled = await use('rollout', 'passed', 'rollout', '--record', checked)
  await use('validate', 'passed', 'validate', '--record', rolled)
  await use('watch', 'passed', 'validate', '--stage', 'important')
  await use('rollout again', 'passed', 'rollout', '--record', checked)
  await use('validate the latest', 'passed', 'validate')
  const change = ['--mode', 'plan', '--change', 'configuration']
  const values = ['--config-values', 'LEVEL=debug']
  const changed = await use('plan of a configuration', 'passed', 'preflight', ...change, ...values)
  const asked = await use(
    're-check of a configuration',
    'passed',
    'preflight',
    '--mode',
    're-check',
    '--record',
    changed,
  )
  const applied = await use('configuration', 'passed', 'rollout', '--record', asked, ...values)
  await use('validate a configuration', 'passed', 'validate', '--record', applied)
  await use('watch a configuration', 'passed', 'validate', '--stage', 'important')
  const bad = ['--config-values', 'LEVEL=trace']
  const meant = await use('plan of another', 'passed', 'preflight', ...change, ...bad)
  await use('another configuration', 'passed', 'rollout', '--record', meant, ...bad)
  await use('rollback of a configuration', 'rolled-back', 'rollback', '--reason', 'too much')
  const dryRun = ['--version', 'v1.2.0', '--images', 'worker=v1.0.0', '--dry-run']
  await use('dry run', 'passed', 'rollout', ...dryRun)
  const crashing = ['--version', 'v1.3.0']
  await use('rollout of what crashes', 'failed', 'rollout', ...crashing)
  const why = ['--reason', 'it crashes']
  await stage.deploy('worker-canary', 'somebody-canary')
  const labels = canaryLabels('worker', { pipeline: 'privilege', environment: 'production' })
  const marks = Object.entries(labels).map(([key, value]) => `${key}=${value}`)
  await stage.admin(['label', 'deployment/worker-canary', ...marks])
  await use('dry run of a rollback', 'passed', 'rollback', ...why, '--dry-run')
  await use('rollback', 'rolled-back', 'rollback', ...why)
  await use('rollback again', 'passed', 'rollback', ...why)

  // A runner is lost in the middle: the job Resume continues, once the dead holder's lease has ended.
  const lost = await under('rollout', '--version', 'v1.1.1', '--images', 'worker=v1.0.0')
  await lost.says('deployment.apps/worker image updated')
  lost.child.kill('SIGKILL')
  expect((await lost.ended).code).toBeNull()
  const template = 'go-template={{index .data "record.json"}}'
  const left = await stage.admin(['get', 'configmap', 'runbook-record-privilege-production', '-o', template])
  const resuming = ['--resume-after', 'failure', '--record', left]
  const resumed = await use('resume a rollout that was lost', 'passed', 'rollout', ...resuming)
  await use('validate what was resumed', 'passed', 'validate', '--record', resumed)

  // Asleep: first nothing scales it, then KEDA does, whose part is played here.
  await stage.putToSleep('worker')
  const woken = await use('rollout that wakes', 'passed', 'rollout', '--version', 'v1.1.0')
  await use('validate what was woken', 'passed', 'validate', '--record', woken)
  const spec = { scaleTargetRef: { name: 'worker' } }
  const scaled = { apiVersion: 'keda.sh/v1alpha1', kind: 'ScaledObject', metadata: { name: 'keda' }, spec }
  await stage.admin(['apply', '-f', '-'], JSON.stringify(scaledObjectDefinition))
  await stage.admin(['wait', '--for=condition=Established', 'crd/scaledobjects.keda.sh', '--timeout=30s'])
  await stage.admin(['apply', '-f', '-'], JSON.stringify(scaled))
  const useScaled = async (title: string, version: string): Promise<string> => {
    const running = await under('rollout', '--version', version, '--images', 'worker=v1.0.0')
    await running.says('it is scaled to 0, and held at 1')
    await stage.admin(['scale', 'deployment/worker', '--replicas=1'])
    const { outputs, log } = await running.ended
    done[title] = outputs.outcome === 'passed' ? 'as it should' : log
    return outputs.record ?? ''
  }
  const paused = await useScaled('rollout that pauses KEDA', 'v1.1.2')
  await use('validate what KEDA scales', 'passed', 'validate', '--record', paused)
  await stage.putToSleep('worker')
  await useScaled('rollout that pauses KEDA, to be rolled back', 'v1.1.3')
  await use('rollback that gives back', 'rolled-back', 'rollback', ...why)
  annotations = await stage.admin(['get', 'scaledobject', 'keda', '-o', 'jsonpath={.metadata.annotations}'])
}, limitMs)
afterAll(async () => {
  await stage.admin(['delete', 'crd', 'scaledobjects.keda.sh'])
  await stage.close()
})

describe('the documented Roles', () => {
  it('let a rollback remove the canary that was left, and nothing that is not ours', async () => {
    const names = await stage.admin(['get', 'deployments', '-o', 'jsonpath={.items[*].metadata.name}'])
    expect(names.split(' ')).toEqual(['somebody-canary', 'worker'])
  })

  it('suffice for every documented use', () => {
    expect(done).toEqual(Object.fromEntries(Object.keys(done).map((title) => [title, 'as it should'])))
  })

  it('suffice to give everything back', () => {
    expect(annotations).not.toMatch(/paused|held/)
  })

  it.each(actions)('%s is refused nothing', async (action) => {
    const all = await asked(`system:serviceaccount:${stage.namespace}:only-${action}`)
    expect(all.length).toBeGreaterThan(0)
    expect(all.filter(({ code }) => code === 403)).toEqual([])
  })

  it.each(actions)('%s uses every verb of its Role', async (action) => {
    const used = new Set(
      (await asked(`system:serviceaccount:${stage.namespace}:only-${action}`)).map(({ right }) => right),
    )
    const roles = [action, ...(moreRoles[action] ?? [])].map((role) => rightsIn(join(rbac, `${role}.yaml`)))
    const unused = (await Promise.all(roles)).flat().filter((right) => !used.has(right))
    expect(unused).toEqual(Object.keys(unusedFor[action]))
  })

  it('preflight writes nothing', async () => {
    const all = await asked(`system:serviceaccount:${stage.namespace}:only-preflight`)
    const verbs = new Set(all.map(({ right }) => right.split(' ')[0]))
    expect([...verbs].filter((verb) => !['get', 'list', 'watch'].includes(verb ?? ''))).toEqual([])
  })
})
