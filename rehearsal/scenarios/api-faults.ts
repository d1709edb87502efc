import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parse } from 'yaml'
import { z } from 'zod'
import {
  everyNth,
  everyTime,
  FaultProxy,
  injectError,
  isRead,
  isWatch,
  isWrite,
  onCall,
  once,
  reset,
  truncate,
  type Injected,
} from '../../packages/shared/src/cluster/fault-proxy.fixture.ts'
import type { Received } from '../../packages/shared/src/cluster/api-server.fixture.ts'
import { components } from '../pipeline/components.ts'
import { production, staging } from '../world/environment.ts'
import { accountIn, pluginLogin, TokenFile } from '../world/short-logins.ts'
import { equal, says } from './checks.ts'
import { checkInvariants } from './invariants.ts'
import { rollsDownloadWorker } from './mid-rollout.ts'
import { look } from './observe.ts'
import { checkWrittenOnce } from './recovered.ts'
import type { Release, Scenario, Stage } from './scenario.ts'

/** A rollout takes longer, so that every process that rolls has to log in again. */
const pluginTokenSeconds = 20
const fileTokenSeconds = 5

const outageTold = /The API server has not served since .* trying on\./

const kubeconfigSchema = z.object({
  clusters: z.tuple([
    z.object({ cluster: z.object({ server: z.url(), 'certificate-authority-data': z.string() }) }),
  ]),
})

/** What a bad day of a cluster is like: its API server is restarted, and what stands before it fails now and then. */
export const apiFaults: Scenario = {
  name: 'api-faults',
  title:
    'the API server restarts in mid-rollout, requests to it fail and tokens end: green, and every Deployment written once',
  needsOwnCluster: true,
  async play(stage) {
    const { world, checks, timeline } = stage
    const { controls } = world.cluster
    if (controls === undefined)
      throw new Error('This scenario needs a cluster that the rehearsal has started.')
    const ways = await openWays(stage)
    const outage = { lasts: false }
    const injected = faultsIn(ways.production, outage)
    const before = await lookAtBoth(stage)

    const runs = join(world.dir, 'logins')
    await writeFile(runs, '')
    const account = (name: string, environment: typeof staging) => accountIn(world.cluster, name, environment)
    const plugin = { seconds: pluginTokenSeconds, runs }
    const tokenFile = await TokenFile.keep(controls, await account('runbook-deployer', staging), {
      seconds: fileTokenSeconds,
      file: join(world.dir, 'staging-token'),
    })
    const deployer = pluginLogin(controls, await account('runbook-deployer', production), plugin)
    const reader = pluginLogin(controls, await account('runbook-reader', production), plugin)
    const release: Release = {
      version: 'v1.1.0',
      kubeconfigs: {
        STAGING_KUBECONFIG: ways.staging.kubeconfig(tokenFile.login),
        PRODUCTION_KUBECONFIG: ways.production.kubeconfig(deployer),
        PRODUCTION_READ_KUBECONFIG: ways.production.kubeconfig(reader),
      },
      meanwhile: async (started) => {
        await rollsDownloadWorker(started)
        timeline.add('the API server is restarted')
        outage.lasts = true
        await controls.restartApiServer()
        // How long a restart takes is the machine's business; it counts as an outage after some seconds.
        await started.run.until((event) => event.type === 'line' && outageTold.test(event.text))
        outage.lasts = false
        timeline.add('the API server serves again')
      },
    }
    const deployed = await stage.deploy(release).finally(async () => {
      await Promise.all([tokenFile.stop(), ways.staging.close(), ways.production.close()])
    })

    const { result } = deployed
    await checks.that('the run is green', () => equal(result.conclusion, 'success'))
    await checkWrittenOnce(stage, before, await lookAtBoth(stage))
    await checks.that('every fault was met', () => {
      const met = Object.entries(injected).map(([what, { met: count }]) => `${what}: ${count}`)
      return { ok: Object.values(injected).every(({ met: count }) => count > 0), found: met.join(', ') }
    })
    await checks.that('the log tells that the API server did not serve, and since when', () =>
      says(result.log, outageTold),
    )
    await checks.that('a process logged in again before its token ended', async () => {
      const asked = Map.groupBy((await readFile(runs, 'utf8')).trim().split('\n'), (pid) => pid)
      const most = Math.max(...[...asked.values()].map(({ length }) => length))
      return { ok: most >= 2, found: `${asked.size} processes, one of them ${most} times` }
    })
    await checks.that('no token of the plugin was refused, ended ones of the file were', () => {
      const refused = ({ answers }: FaultProxy): number =>
        answers.filter(({ status }) => status === 401).length
      const [inStaging, inProduction] = [refused(ways.staging), refused(ways.production)]
      return {
        ok: inStaging > 0 && inProduction === 0,
        found: `${inStaging} in staging, ${inProduction} in production`,
      }
    })
    await checks.that('no token stands in what was printed', () => {
      const printed = [result.log, ...result.jobs.flatMap((job) => job.summaries)].join('\n')
      return equal(/\beyJ[\w-]+\.eyJ[\w-]+\.[\w-]+/.test(printed), false)
    })
    await checkInvariants(stage, deployed)
  },
}

/** A way to the API server for each environment. Faults are in production only. */
async function openWays({ world }: Stage): Promise<{ staging: FaultProxy; production: FaultProxy }> {
  const text = await readFile(world.cluster.kubeconfig, 'utf8')
  const { server, 'certificate-authority-data': authority } = kubeconfigSchema.parse(parse(text)).clusters[0]
    .cluster
  const upstream = { server, authority: Buffer.from(authority, 'base64').toString() }
  return { staging: await FaultProxy.open(upstream), production: await FaultProxy.open(upstream) }
}

/** The faults of a bad load balancer, each by its name. The answers to writes are the worst to lose. */
function faultsIn(way: FaultProxy, outage: { readonly lasts: boolean }): Readonly<Record<string, Injected>> {
  const patches =
    (name: string) =>
    ({ method, path, query }: Received) =>
      method === 'PATCH' && path.endsWith(`/deployments/${name}`) && !query.has('dryRun')
  const [first, second, third] = components
  const isRecord = (request: Received): boolean => isWrite(request) && request.path.includes('/configmaps')
  const isLock = (request: Received): boolean => isWrite(request) && request.path.includes('/leases')
  const refusal = { retryAfterSeconds: 1 }
  return {
    outage: way.inject(reset('request'), everyTime, () => outage.lasts),
    [`lost answer to ${first}`]: way.inject(reset('answer'), once, patches(first)),
    [`504 after ${second}`]: way.inject(injectError(504, { reach: 'answer' }), once, patches(second)),
    [`429 before ${third}`]: way.inject(injectError(429, refusal), once, patches(third)),
    [`reset before ${third}`]: way.inject(reset('request'), once, patches(third)),
    'lost answer to the record': way.inject(reset('answer'), onCall(2), isRecord),
    '503 for the lock': way.inject(injectError(503), everyNth(4), isLock),
    'watch cut within an event': way.inject(reset(3_000), onCall(1), isWatch),
    'watch ended within an event': way.inject(truncate(3_000), onCall(1), isWatch),
    '429 for reads': way.inject(injectError(429, refusal), onCall(3), isRead),
    '500 for reads': way.inject(injectError(500), everyNth(7), isRead),
    'reads reset': way.inject(reset('request'), everyNth(11), isRead),
    'answers of reads reset': way.inject(reset(100), everyNth(13), isRead),
    'answers of reads cut': way.inject(truncate(100), everyNth(17), isRead),
  }
}

/** The Deployments of both environments, by their names with the environment's. */
async function lookAtBoth({ world }: Stage): ReturnType<typeof look> {
  const found = await Promise.all(
    [staging, production].map(async (environment) =>
      Object.entries(await look(world, environment)).map(
        ([name, deployment]) => [`${environment.name} ${name}`, deployment] as const,
      ),
    ),
  )
  return Object.fromEntries(found.flat())
}
