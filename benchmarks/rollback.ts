// node benchmarks/rollback.ts [REPLICAS] [ROUNDS]: going back, from the first write until every pod is Ready, beside
// kubectl rollout undo and rollout status on the same pods, in turn. The pods are real processes.
import { chmod, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ActionStage } from '../rehearsal/actions/action-stage.fixture.ts'
import { buildCluster } from '../rehearsal/kubernetes/binary.ts'
import { startCluster } from '../rehearsal/kubernetes/cluster.ts'
import { cacheFolder } from '../rehearsal/toolchain/cache.ts'
import { requirePrerequisites } from '../rehearsal/toolchain/prerequisites.ts'
import { adminApi } from '../rehearsal/world/seed.ts'
import { markdownTable } from '../scripts/markdown-tables.ts'
import { median } from './measure.ts'
import { TurnoverWatch } from './rollback/turnover.ts'

const replicas = Number(process.argv[2] ?? 10)
const rounds = Number(process.argv[3] ?? 3)
const deployment = 'worker'
const pipeline = 'benchmark'

/** One way back, by its parts, in milliseconds. */
interface Round {
  /** From the start of the command to its first write: ours takes the lock, compares, and captures evidence. */
  readonly beforeMs: number
  /** From the first write until every pod is Ready. */
  readonly readyMs: number
  /** From then until the last pod of the other version was gone. */
  readonly goneMs: number
  /** From then to the end of the command: ours asks every pod and the metrics. */
  readonly afterMs: number
}

await requirePrerequisites()
const folder = await mkdtemp(join(tmpdir(), 'benchmark-'))
// Processes of the cluster that are not root read from it.
await chmod(folder, 0o755)
const images = join(folder, 'images')
await mkdir(images)
const log = (line: string): void => {
  console.error(line)
}
try {
  const binary = await buildCluster(cacheFolder(), log)
  const cluster = await startCluster(binary, { dir: join(folder, 'cluster'), images, log: () => undefined })
  const api = await adminApi(cluster)
  try {
    const stage = await ActionStage.open('rollback', {
      REHEARSAL_KUBECONFIG: cluster.kubeconfig,
      REHEARSAL_KUBECTL: cluster.kubectl,
      REHEARSAL_IMAGES: images,
    })
    const watch = await TurnoverWatch.open(api, stage.namespace)
    try {
      console.log(report(await play(stage, watch)))
    } finally {
      watch.close()
      await stage.close()
    }
  } finally {
    await api.close()
    await cluster.stop()
  }
} finally {
  await rm(folder, { recursive: true, force: true })
}

/** Makes v1.1.0 known good, then goes to another version and back, by turns. */
async function play(stage: ActionStage, watch: TurnoverWatch): Promise<Record<'ours' | 'kubectl', Round[]>> {
  const image = (version: string): string => `registry.local/${stage.namespace}:${version}`
  const kubeconfig = await stage.kubeconfig('runbook-deployer')
  const runbook = await stage.runbook(pipeline, deployment)
  const run = async (wanted: string, action: string, ...flags: string[]): Promise<void> => {
    const { outputs, log: said } = await stage.run(action, kubeconfig, ['--runbook', runbook, ...flags])
    if (outputs.outcome !== wanted)
      throw new Error(`${action} ended as ${outputs.outcome ?? 'nothing'}:\n${said}`)
  }
  await stage.deploy(deployment)
  await stage.admin(['scale', `deployment/${deployment}`, `--replicas=${replicas}`])
  await stage.admin(['rollout', 'status', `deployment/${deployment}`])
  await run('passed', 'rollout', '--version', 'v1.1.0', '--first-deployment-class', 'minor')
  await run('passed', 'validate')
  await run('passed', 'validate', '--stage', 'important')

  const measured = async (back: () => Promise<void>): Promise<Round> => {
    const away = watch.to(deployment, image('v1.0.0'), replicas)
    await stage.admin(['set', 'image', `deployment/${deployment}`, `${deployment}=${image('v1.0.0')}`])
    await away
    const turned = watch.to(deployment, image('v1.1.0'), replicas)
    const startedAt = performance.now()
    await back()
    const endedAt = performance.now()
    const { writtenAt, readyAt, goneAt } = await turned
    return {
      beforeMs: writtenAt - startedAt,
      readyMs: readyAt - writtenAt,
      goneMs: goneAt - readyAt,
      afterMs: endedAt - goneAt,
    }
  }
  const results = { ours: [] as Round[], kubectl: [] as Round[] }
  for (let round = 0; round <= rounds; round += 1) {
    log(round === 0 ? 'warming up' : `round ${round} of ${rounds}`)
    const ours = await measured(() => run('rolled-back', 'rollback', '--reason', 'benchmark'))
    const kubectl = await measured(async () => {
      await stage.admin(['rollout', 'undo', `deployment/${deployment}`])
      await stage.admin(['rollout', 'status', `deployment/${deployment}`])
    })
    if (round === 0) continue
    results.ours.push(ours)
    results.kubectl.push(kubectl)
  }
  return results
}

function report({ ours, kubectl }: Record<'ours' | 'kubectl', readonly Round[]>): string {
  const row = (title: string, of: (round: Round) => number): string[] => [
    title,
    median(ours.map(of)).toFixed(0),
    median(kubectl.map(of)).toFixed(0),
  ]
  const ready = ({ readyMs }: Round): number => readyMs
  const ratio = (median(ours.map(ready)) / median(kubectl.map(ready))).toFixed(2)
  return markdownTable(
    [
      `${replicas} replicas, ${rounds} rounds, medians, ms`,
      'rollback',
      'kubectl rollout undo, status',
      'ratio',
    ],
    [
      row('until the first write (lock, comparison, evidence)', ({ beforeMs }) => beforeMs),
      [...row('**from the first write until every pod is Ready**', ready), ratio],
      row('until the last other pod is gone (termination)', ({ goneMs }) => goneMs),
      row('until the command ends (proof, recovery)', ({ afterMs }) => afterMs),
    ],
  )
}
