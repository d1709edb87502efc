import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { recordSchema } from '../../packages/shared/src/record/schema.ts'
import { ActionStage, type Ended } from './action-stage.fixture.ts'

let stage: ActionStage
beforeAll(async () => {
  stage = await ActionStage.open('cancelled', process.env)
  await stage.deploy('worker')
})
afterAll(() => stage.close())

/** Rolls v1.2.0, whose pods never get ready, and asks the process to end while it waits for them. */
async function cancelled(signal: NodeJS.Signals): Promise<Ended> {
  const runbook = await stage.runbook('cancelled', 'worker')
  const flags = ['--version', 'v1.2.0', '--first-deployment-class', 'minor', '--runbook', runbook]
  const running = await stage.start('rollout', await stage.kubeconfig('runbook-deployer'), flags)
  await running.says('1 old replicas are pending termination')
  running.child.kill(signal)
  return running.ended
}

describe('a rollout that is cancelled', () => {
  it.each<NodeJS.Signals>(['SIGINT', 'SIGTERM'])(
    'ends by itself after %s, and says how things stand',
    async (signal) => {
      const { code, outputs, log, summary } = await cancelled(signal)
      const reason = `Stopped (cancelled by ${signal}): half-way: worker.`
      expect(code).toBe(1)
      expect(outputs).toMatchObject({ outcome: 'cancelled', reason })
      expect(log).toContain(`::error::${reason}`)
      expect(summary).toContain('v1.2.0 was cancelled: production runs two versions')
      expect(summary).toContain(
        `kubectl rollout undo deployment/worker --to-revision=1 -n ${stage.namespace}`,
      )

      const text = await stage.admin([
        'get',
        'configmap',
        'runbook-record-cancelled-production',
        '-o',
        'jsonpath={.data.record\\.json}',
      ])
      const kept = recordSchema.parse(JSON.parse(text))
      expect(kept).toEqual(recordSchema.parse(JSON.parse(outputs.record ?? '')))
      expect(kept.phases.at(-1)).toMatchObject({ phase: 'rollout', outcome: 'cancelled', reason })
      expect(kept.snapshot?.deployments[0]).toMatchObject({ deployment: 'worker', revision: '1' })
    },
  )

  it('can be taken back by the commands that it printed', async () => {
    const { summary } = await cancelled('SIGINT')
    const commands = [...summary.matchAll(/^kubectl (.*)$/gm)].map(([, words = '']) => words.split(' '))
    expect(commands).toHaveLength(2)
    for (const words of commands) await stage.admin(words)
    const image = ['get', 'deployment', 'worker', '-o', 'jsonpath={.spec.template.spec.containers[0].image}']
    expect(await stage.admin(image)).toMatch(/:v1\.0\.0$/)
  })
})
