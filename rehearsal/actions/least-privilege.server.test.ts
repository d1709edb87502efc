import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import * as z from 'zod'
import { auditedRequests } from '../kubernetes/requests.ts'
import { rightOf, rightsIn } from '../kubernetes/rights.ts'
import { ActionStage, type Ended } from './action-stage.fixture.ts'

const rbac = join(import.meta.dirname, '../../rbac')
const actions = ['preflight', 'rollout', 'validate', 'rollback'] as const
type Action = (typeof actions)[number]

/** What a Role has and these runs do not use, each with its reason. */
const watchLock = 'only while another holder is asked to stop: its answer is watched for'
const unusedFor: Readonly<Record<Action, Readonly<Record<string, string>>>> = {
  preflight: {},
  rollout: {
    'list coordination.k8s.io/leases': watchLock,
    'watch coordination.k8s.io/leases': watchLock,
  },
  validate: {
    'list coordination.k8s.io/leases': watchLock,
    'watch coordination.k8s.io/leases': watchLock,
    'create coordination.k8s.io/leases': 'the rollout has made it; only where somebody has deleted it since',
  },
  rollback: {
    'create /configmaps': 'only where a ConfigMap that is put back was deleted',
    'list coordination.k8s.io/leases': watchLock,
    'watch coordination.k8s.io/leases': watchLock,
    'create coordination.k8s.io/leases': 'the rollout has made it; only where somebody has deleted it since',
  },
}

/** What an account asked the API server about resources, by the API server's own log. */
async function asked(username: string): Promise<{ right: string; code: number }[]> {
  const requests = await auditedRequests(z.string().parse(process.env.REHEARSAL_AUDIT))
  return requests
    .filter(({ user, resource }) => user === username && resource !== '')
    .map((request) => ({ right: rightOf(request), code: request.code }))
}

let stage: ActionStage
/** Runs an action under an account that has its Role and nothing else. */
let under: (action: Action, ...flags: string[]) => Promise<Ended>
let done: Record<string, string>
beforeAll(async () => {
  stage = await ActionStage.open('privilege', process.env)
  const kubeconfigs = Object.fromEntries(
    await Promise.all(
      actions.map(async (action) => {
        await stage.admin(['create', 'serviceaccount', `only-${action}`])
        const role = [`--role=runbook-${action}`, `--serviceaccount=${stage.namespace}:only-${action}`]
        await stage.admin(['create', 'rolebinding', `only-${action}`, ...role])
        return [action, await stage.kubeconfig(`only-${action}`)] as const
      }),
    ),
  )
  await stage.deploy('worker')
  const runbook = await stage.runbook('privilege', 'worker')
  under = (action, ...flags) => stage.run(action, kubeconfigs[action] ?? '', ['--runbook', runbook, ...flags])

  // The documented uses, one after the other, as the job Production has them; then those of a terminal.
  done = {}
  const use = async (title: string, wanted: string, action: Action, ...flags: string[]): Promise<string> => {
    const { outputs, log } = await under(action, ...flags)
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
  const dryRun = ['--version', 'v1.2.0', '--images', 'worker=v1.0.0', '--dry-run']
  await use('dry run', 'passed', 'rollout', ...dryRun)
  const crashing = ['--version', 'v1.3.0']
  await use('rollout of what crashes', 'failed', 'rollout', ...crashing)
  const why = ['--reason', 'it crashes']
  await use('dry run of a rollback', 'passed', 'rollback', ...why, '--dry-run')
  await use('rollback', 'rolled-back', 'rollback', ...why)
  await use('rollback again', 'passed', 'rollback', ...why)
})
afterAll(() => stage.close())

describe('the documented Roles', () => {
  it('suffice for every documented use', () => {
    expect(done).toEqual(Object.fromEntries(Object.keys(done).map((title) => [title, 'as it should'])))
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
    const unused = (await rightsIn(join(rbac, `${action}.yaml`))).filter((right) => !used.has(right))
    expect(unused).toEqual(Object.keys(unusedFor[action]))
  })

  it('preflight writes nothing', async () => {
    const all = await asked(`system:serviceaccount:${stage.namespace}:only-preflight`)
    const verbs = new Set(all.map(({ right }) => right.split(' ')[0]))
    expect([...verbs].filter((verb) => !['get', 'list', 'watch'].includes(verb ?? ''))).toEqual([])
  })
})
