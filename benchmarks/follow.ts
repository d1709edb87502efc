// node benchmarks/follow.ts [PODS] [ROUNDS]: following a rolling update of many pods, beside kubectl rollout status, both
// at the same time. The pods are fake (kwok), the API server is real and counts the requests.
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parse } from 'yaml'
import { z } from 'zod'
import { Collection } from '../packages/shared/src/cluster/collection.ts'
import { isReady } from '../packages/shared/src/cluster/component.ts'
import { pods } from '../packages/shared/src/cluster/resources.ts'
import type { RehearsalCluster } from '../rehearsal/kubernetes/cluster.ts'
import { fakeDeployment } from '../rehearsal/kubernetes/fake-nodes.ts'
import { auditedRequests, type AuditedRequest } from '../rehearsal/kubernetes/requests.ts'
import { adminApi } from '../rehearsal/world/seed.ts'
import { joinSources } from '../scripts/build.ts'
import { markdownTable } from '../scripts/markdown-tables.ts'
import { withFakeCluster } from './fake-cluster.ts'
import { runFollower, type Followed } from './follow/contestant.ts'
import { buildKubectl } from './kubectl.ts'
import { median } from './measure.ts'

const replicas = Number(process.argv[2] ?? 1_000)
const rounds = Number(process.argv[3] ?? 3)
const namespace = 'many'
const deployment = 'worker'
const image = (version: number): string => `registry.local/${deployment}:v1.${version}.0`

interface Round extends Followed {
  /** From the moment at which the last new pod was seen Ready. */
  readonly afterReadyMs: number
  /** From the moment at which there was no old pod any more, for which kubectl does not wait. */
  readonly afterGoneMs: number
}

await withFakeCluster(async ({ cluster, auditLog, folder }) => {
  const kubectl = await buildKubectl(console.error)
  const follower = join(folder, 'follower')
  await joinSources(join(import.meta.dirname, 'follow/follower.ts'), follower)
  const ours = { name: 'ours', kubeconfig: await kubeconfigOf('ours', cluster, folder) }
  const theirs = { name: 'kubectl', kubeconfig: await kubeconfigOf('kubectl', cluster, folder) }

  await cluster.kubectlRun(['create', 'namespace', namespace])
  const first = fakeDeployment(deployment, { replicas, image: image(0) })
  await cluster.kubectlRun(['create', '-n', namespace, '-f', '-'], JSON.stringify(first))
  await rolledOut(cluster)

  const api = await adminApi(cluster)
  const watching = new AbortController()
  const seen = new Collection(api, pods, namespace)
  await seen.start(watching.signal).synced
  const results = { ours: [] as Round[], kubectl: [] as Round[] }
  for (let round = 1; round <= rounds; round += 1) {
    console.error(`round ${round} of ${rounds}`)
    const generation = await write(cluster, image(round))
    const [turned, mine, other] = await Promise.all([
      turnover(seen, image(round)),
      runFollower(
        [process.execPath, join(follower, 'index.js'), ours.kubeconfig, namespace, deployment, generation],
        {},
      ),
      runFollower([kubectl, 'rollout', 'status', `deployment/${deployment}`, '-n', namespace], {
        KUBECONFIG: theirs.kubeconfig,
        HOME: folder,
      }),
    ])
    const after = (followed: Followed): Round => ({
      ...followed,
      afterReadyMs: followed.saidAt - turned.readyAt,
      afterGoneMs: followed.saidAt - turned.goneAt,
    })
    results.ours.push(after(mine))
    results.kubectl.push(after(other))
    await rolledOut(cluster)
  }
  watching.abort()
  await api.close()

  const requests = await auditedRequests(auditLog)
  const of = (name: string): AuditedRequest[] => requests.filter(({ user }) => user === name)
  console.log(report(results, { ours: of(ours.name), kubectl: of(theirs.name) }))
})

/** Sets the image and returns the generation that has it. */
async function write(cluster: RehearsalCluster, wanted: string): Promise<string> {
  const target = ['-n', namespace, `deployment/${deployment}`]
  await cluster.kubectlRun(['set', 'image', ...target, `${deployment}=${wanted}`])
  return cluster.kubectlRun(['get', ...target, '-o', 'jsonpath={.metadata.generation}'])
}

async function rolledOut(cluster: RehearsalCluster): Promise<void> {
  await cluster.kubectlRun(['rollout', 'status', '-n', namespace, `deployment/${deployment}`])
}

/** When all new pods were Ready, and when the last old one was gone, by `performance.now()`. */
async function turnover(
  seen: Collection<NonNullable<(typeof pods)['type']>>,
  wanted: string,
): Promise<{ readyAt: number; goneAt: number }> {
  const isNew = (pod: ReturnType<typeof seen.items>[number]): boolean =>
    pod.spec?.containers[0]?.image === wanted
  let readyAt: number | undefined
  for (;;) {
    const { revision } = seen
    const all = seen.items()
    const fresh = all.filter(isNew)
    if (fresh.filter(isReady).length === replicas) readyAt ??= performance.now()
    if (readyAt !== undefined && fresh.length === all.length) return { readyAt, goneAt: performance.now() }
    await seen.next(undefined, revision)
  }
}

/** A kubeconfig whose requests the audit log tells apart: the administrator's, in the name of `user`. */
async function kubeconfigOf(user: string, cluster: RehearsalCluster, folder: string): Promise<string> {
  const schema = z.looseObject({ users: z.array(z.looseObject({ user: z.looseObject({}) })) })
  const config = schema.parse(parse(await readFile(cluster.kubeconfig, 'utf8')))
  for (const entry of config.users) Object.assign(entry.user, { as: user, 'as-groups': ['system:masters'] })
  const file = join(folder, `${user}.kubeconfig`)
  await writeFile(file, JSON.stringify(config))
  return file
}

function report(
  results: Record<'ours' | 'kubectl', readonly Round[]>,
  asked: Record<'ours' | 'kubectl', readonly AuditedRequest[]>,
): string {
  const row = (title: string, of: (name: 'ours' | 'kubectl') => number): string[] => {
    const [own, other] = [of('ours'), of('kubectl')]
    return [title, own.toFixed(0), other.toFixed(0), other > 0 ? (own / other).toFixed(1) : '']
  }
  const middle = (of: (round: Round) => number) => (name: 'ours' | 'kubectl') => median(results[name].map(of))
  const count = (matches: (request: AuditedRequest) => boolean) => (name: 'ours' | 'kubectl') =>
    asked[name].filter(matches).length / rounds
  const table = markdownTable(
    [`${replicas} pods, ${rounds} rounds, medians`, 'followRollout', 'kubectl rollout status', 'ratio'],
    [
      row(
        'lists',
        count(({ verb, isNextPage }) => verb === 'list' && !isNextPage),
      ),
      row(
        'further pages of lists',
        count(({ isNextPage }) => isNextPage),
      ),
      row(
        'watches',
        count(({ verb }) => verb === 'watch'),
      ),
      row(
        'other requests',
        count(({ verb }) => verb !== 'list' && verb !== 'watch'),
      ),
      row(
        'verdict after the last new pod was Ready, ms',
        middle(({ afterReadyMs }) => afterReadyMs),
      ),
      row(
        'verdict after the last old pod was gone, ms',
        middle(({ afterGoneMs }) => afterGoneMs),
      ),
      row(
        'time on a processor, ms',
        middle(({ cpuMs }) => cpuMs),
      ),
      row(
        'peak memory, MiB',
        middle(({ peakMiB }) => peakMiB),
      ),
    ],
  )
  const kinds = [...new Set(asked.ours.map(({ verb, resource }) => `${verb} ${resource}`))].toSorted()
  return `${table}\n\nAsked by followRollout: ${kinds.join(', ')}.`
}
