import { execFile } from 'node:child_process'
import { open, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { components } from '../pipeline/components.ts'
import { production } from '../world/environment.ts'
import { recordStore } from '../world/seed.ts'
import type { World } from '../world/world.ts'
import { auditEntries } from './audit.ts'
import { equal, says } from './checks.ts'
import { checkInvariants } from './invariants.ts'
import { look } from './observe.ts'
import type { Deployed, Scenario, Stage } from './scenario.ts'

const run = promisify(execFile)

/** The pulls of a registry that has had enough, until it is told otherwise. */
const stalled = { namespace: production.namespace, image: 'event-ingester:v1.2.0', error: 'rate-limit' }

/** GitHub keeps the runs of one repository apart; of a run from elsewhere, or from a terminal, it knows nothing. */
export const lockHeld: Scenario = {
  name: 'lock-held',
  title:
    'two runs are in production at once: one goes on, the other is blocked, and names who holds the lock since when',
  async play(stage) {
    const { world, checks } = stage
    const before = await deploymentWrites(world)
    const { first, late, lock } = await playBoth(stage)

    await checks.that('one run is green, the other is red', () =>
      equal([first.result.conclusion, late.result.conclusion], ['success', 'failure']),
    )
    const holder = `Another run holds the lock: run ${first.run.runId} (attempt 1) by rosa, deploying v1.2.0 since ${lock.since}: ${runAddress(world, first)}`
    await checks.that('the lock was held by the one', () => equal(lock.run, String(first.run.runId)))
    await checks.that('the other names the holder, since when and the run', () =>
      says(late.result.annotations.map(({ message }) => message).join('\n'), holder),
    )
    await checks.that('so does its summary', () =>
      says(plain(late.result.jobs.flatMap((job) => job.summaries).join('\n')), holder),
    )
    await checks.that('so does its ticket', () => says(plain(ticketOf(stage, 'v1.1.0')), holder))
    await checks.that('it does not call production unchanged', () =>
      says(
        ticketOf(stage, 'v1.1.0').split('\n', 1)[0] ?? '',
        /^## 🟥 production was changed by somebody else: v1\.1\.0 is blocked at re-check$/,
      ),
    )
    await checks.that('so does the deployment log, beside the line of the one that went on', async () => {
      const log = await world.repository.inBare('show', 'deployment-log:deployment-log.txt')
      const lines = log.split('\n')
      return {
        ok: lines.length === 2 && log.includes(holder) && log.includes('Deployed v1.2.0'),
        found: lines.map((line) => line.slice(0, 120)).join(' | '),
      }
    })

    await checks.that('all pods run v1.2.0', async () =>
      equal(
        Object.values(await look(world, production)).map(({ image, pods, ready, old }) => [
          /:(v[\d.]+)@/.exec(image)?.[1],
          pods - ready,
          old,
        ]),
        [
          ['v1.2.0', 0, 0],
          ['v1.2.0', 0, 0],
          ['v1.2.0', 0, 0],
        ],
      ),
    )
    await checks.that('production’s Deployments carry the mark of the one', async () =>
      equal(await runLabels(world), [`${first.run.runId}-1`]),
    )
    if (before !== undefined) {
      await checks.that('they were written three times, once each', async () =>
        equal(((await deploymentWrites(world)) ?? 0) - before, components.length),
      )
    }
    await checks.that('v1.2.0 is known good, and its record the last one', async () => {
      const { knownGood, latest } = await recordStore(world.api, production).load()
      return equal([knownGood?.version, latest?.version], ['v1.2.0', 'v1.2.0'])
    })
    await checks.that('only v1.2.0 is tagged as deployed', async () =>
      equal(
        [
          await world.repository.inBare('tag', '-l', 'v1.1.0-prod'),
          await world.repository.inBare('rev-parse', 'v1.2.0-prod^{commit}'),
        ],
        ['', first.commit],
      ),
    )
    await checkInvariants(stage, first)
    await checkInvariants(stage, late)
  },
}

/** v1.1.0 is approved, and its login to production takes so long that v1.2.0 is in the middle of its rollout by then. */
async function playBoth(
  stage: Stage,
): Promise<{ first: Deployed; late: Deployed; lock: { run: string; since: string } }> {
  const { world } = stage
  const path = join(world.dir, 'login')
  await run('mkfifo', [path])
  // Open for both, so that neither side waits for the other to open it; when it is closed, a reader goes on, too.
  const login = await open(path, 'r+')
  let first: Deployed | undefined
  let lock: { run: string; since: string } | undefined
  try {
    const late = await stage.deploy({
      version: 'v1.1.0',
      files: { '.github/actions/cluster-login/action.yml': slowLogin(path) },
      meanwhile: async (waiting) => {
        await waiting.run.until(
          (event) =>
            event.type === 'step-started' &&
            event.job.id === 'production' &&
            event.step.name === 'Log in to the production cluster',
        )
        first = await stage.deploy({
          version: 'v1.2.0',
          pullFaults: [stalled],
          runbook: (document) => {
            document.setIn(['rollout', 'image-pull'], '8m')
          },
          meanwhile: async (rolling) => {
            await rolling.run.until(
              (event) =>
                event.type === 'line' &&
                event.job.id === 'production' &&
                event.text.includes('deployment.apps/event-ingester image updated'),
            )
            lock = await holderOf(world)
            await login.write('in\n')
            await waiting.finished
            await writeFile(join(world.images, 'faults.json'), '[]')
          },
        })
      },
    })
    if (first === undefined || lock === undefined) throw new Error('v1.2.0 was not deployed.')
    return { first, late, lock }
  } finally {
    await login.close()
  }
}

/** The team's own login, which waits for a line from `path` where v1.1.0 comes to production. */
function slowLogin(path: string): string {
  return `name: Log in
description: Logs in to a cluster.
inputs:
  environment:
    description: staging or production.
    required: true
runs:
  using: composite
  steps:
    - name: Wait for the VPN
      if: \${{ github.job == 'production' && github.ref_name == 'v1.1.0' }}
      shell: bash
      run: read -r < '${path}'
`
}

/** Who holds production's lock, and since when, to the minute. */
async function holderOf({ cluster }: World): Promise<{ run: string; since: string }> {
  const fields = 'jsonpath={.spec.holderIdentity} {.spec.acquireTime}'
  const lease = ['get', 'lease', 'runbook-kafka-pipeline-production', '-n', production.namespace]
  const [holder = '', time = ''] = (await cluster.kubectlRun([...lease, '-o', fields])).split(' ')
  return { run: holder, since: `${time.slice(0, 16).replace('T', ' ')} UTC` }
}

/** How often the suite has written a Deployment of production so far; undefined where nothing can tell. */
async function deploymentWrites({ cluster: { auditLog } }: World): Promise<number | undefined> {
  if (auditLog === undefined) return undefined
  return (await auditEntries(auditLog)).filter(
    ({ namespace, resource, isRead, isDryRun }) =>
      namespace === production.namespace && resource === 'deployments' && !isRead && !isDryRun,
  ).length
}

/** Whose runs' labels production's Deployments carry. */
async function runLabels({ cluster }: World): Promise<string[]> {
  const label = String.raw`jsonpath={.items[*].metadata.labels.runbook-actions\.io/run}`
  const labels = await cluster.kubectlRun(['get', 'deployments', '-n', production.namespace, '-o', label])
  return [...new Set(labels.split(' '))]
}

function runAddress({ github, repository }: World, { run: { runId } }: Deployed): string {
  return `${github.url}/${repository.slug}/actions/runs/${runId}/attempts/1`
}

function ticketOf({ world }: Stage, version: string): string {
  const ticket = world.github.state.issues.list().find(({ title }) => title.startsWith(`Deploy ${version} `))
  return ticket?.body ?? ''
}

/** Markdown as it is read: without what keeps it from being markup. */
function plain(markdown: string): string {
  return markdown.replaceAll(/[\\\u200b]/g, '')
}
