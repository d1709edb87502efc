// Follows one Deployment as the rollout action does, and says when it knows how it ended.
import { readFileSync } from 'node:fs'
import { connect } from '../../packages/shared/src/cluster/api.ts'
import { watchComponents } from '../../packages/shared/src/cluster/component-watch.ts'
import { followRollout } from '../../packages/shared/src/cluster/follow-rollout.ts'
import { loadKubeconfig } from '../../packages/shared/src/cluster/kubeconfig.ts'
import { silent, systemClock } from '../../packages/shared/src/ports.ts'

const [kubeconfig = '', namespace = '', deployment = '', generation = ''] = process.argv.slice(2)

async function follow(): Promise<void> {
  const since = systemClock.now()
  const credentials = loadKubeconfig({ content: readFileSync(kubeconfig, 'utf8'), env: {} })
  const options = { fieldManager: 'benchmark', userAgent: 'benchmark', log: silent, env: {} }
  const api = connect(credentials, options)
  const { signal } = new AbortController()
  const watch = await watchComponents(api, namespace, signal)
  // Without the time in which a rollout must stay good: kubectl has none.
  const limits = {
    deadlineMs: 600_000,
    settleMs: 0,
    imagePullMs: 40_000,
    unschedulableMs: 60_000,
    restarts: 2,
  }
  const log = { ...silent, info: (line: string) => process.stdout.write(`${line}\n`) }
  const end = await followRollout(watch, deployment, {
    since,
    generation: Number(generation),
    limits,
    clock: systemClock,
    log,
    signal,
  })
  process.stdout.write(`${end.outcome}: ${end.reason}\n`)
  watch.close()
  await api.close()
  process.exitCode = end.outcome === 'complete' ? 0 : 1
}

void follow()
