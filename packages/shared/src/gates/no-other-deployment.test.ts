import { describe, expect, it } from '@jest/globals'
import { FakeCluster } from '../cluster/cluster.fixture.ts'
import { decideLock, handedOver, type LockState } from '../decide/lock.ts'
import { contenderOf } from '../record/contender.ts'
import { recordOf } from '../record/record.fixture.ts'
import { loadRunbook } from '../runbook/load.ts'
import { TEN_LINES } from '../runbook/example.ts'
import { runGates } from './gate.ts'
import { contextOf } from './sources.fixture.ts'
import { noOtherDeployment } from './no-other-deployment.ts'

const runbook = loadRunbook(TEN_LINES, { file: 'runbook.yaml' })
const record = recordOf()
const at = (minute: number): Date => new Date(Date.parse('2026-11-23T10:00:00Z') + minute * 60_000)

function heldBy(run: string): LockState {
  const who = contenderOf(record, { ...record.run, id: run, actor: 'marc' })
  const decision = decideLock({}, who, { now: at(1), leaseMs: 60_000 })
  if (decision.do !== 'take') throw new Error(decision.do)
  const { state } = decision
  return handedOver(state, state.grip!, at(2), 600_000)
}

async function ask(lockState: LockState, minute: number) {
  const cluster = new FakeCluster()
  cluster.lockState = lockState
  const context = contextOf({ record, runbook, cluster, clock: { now: () => at(minute) } })
  const [result] = await runGates([noOtherDeployment], context, new AbortController().signal)
  return result!
}

describe('no-other-deployment', () => {
  it.each<[string, LockState, number, string]>([
    ['is free', {}, 5, 'pass'],
    ['is held by our own run', heldBy('4711'), 5, 'pass'],
    ['is held by another run', heldBy('4700'), 5, 'fail'],
    ['was held by a run that died', heldBy('4700'), 12, 'pass'],
    ['says that a rollback began after the plan', { closedBefore: at(3) }, 5, 'fail'],
  ])('where the lock %s', async (_, state, minute, verdict) => {
    expect((await ask(state, minute)).verdict).toBe(verdict)
  })

  it('names the holder, since when, which run, and how to look', async () => {
    const { answer, query, evidence } = await ask(heldBy('4700'), 5)
    expect(answer).toMatch(
      /run 4700 \(attempt 1\) by marc, deploying v1\.1\.0 since 2026-11-23 10:01 UTC.*https:/,
    )
    expect(evidence).toEqual([expect.stringMatching(/^See how that run ended/)])
    expect(query).toBe('kubectl get lease runbook-kafka-pipeline-production -n kafka-pipeline -o yaml')
  })
})
