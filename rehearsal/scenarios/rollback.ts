import { production } from '../world/environment.ts'
import { recordStore } from '../world/seed.ts'
import type { World } from '../world/world.ts'
import { equal, says } from './checks.ts'
import { configMapName, readConfigMap } from './configuration.ts'
import { rollbackFromTerminal } from './from-terminal.ts'
import { checkInvariants } from './invariants.ts'
import { look, type Found } from './observe.ts'
import type { Scenario } from './scenario.ts'
import { checkTicket } from './ticket.ts'

const workflow = '.github/workflows/rollback.yml'
const rolledBackFrom = 'runbook-actions.io/rolled-back-from'

/** What went live is bad after all: back to the release before it, by hand, then once more from a terminal. */
export const rollback: Scenario = {
  name: 'rollback',
  title: 'v1.1.0 is live and bad: back to v1.0.0 by hand; a second time there is nothing to do',
  async play(stage) {
    const { world, checks } = stage
    const before = await look(world, production)
    const cause = await annotation(world, 'kubernetes.io/change-cause')
    const deployed = await stage.deploy({ version: 'v1.1.0' })
    await checks.that('v1.1.0 is live', () => equal(deployed.result.conclusion, 'success'))
    const live = await look(world, production)

    const dry = await stage.runByHand(workflow, { reason: 'critical bug', target: 'v1.0.0', 'dry-run': true })
    await checks.that('a dry run says what would be put back', () =>
      says(dry.jobs.flatMap(({ summaries }) => summaries).join('\n'), /Would put back/),
    )
    await checks.that('and changes nothing', async () => {
      const now = await look(world, production)
      return equal(generations(now), generations(live))
    })

    // Of what the release has made of the configuration, too.
    await world.cluster.kubectlRun([
      'patch',
      'configmap',
      'kafka-pipeline-config',
      '-n',
      production.namespace,
      '--type=merge',
      '-p',
      '{"data":{"BROKEN":"yes"}}',
    ])
    const done = await stage.runByHand(workflow, { reason: 'critical bug', target: 'v1.0.0-prod' })
    await checks.that('the run is green', () => equal(done.conclusion, 'success'))
    await checks.that('it waited for nobody', () =>
      equal(
        done.jobs.filter(({ result }) => result !== 'skipped').map(({ name }) => name.split(' / ').at(-1)),
        ['Who is asked', 'Rollback', 'Keep the books'],
      ),
    )
    const after = await look(world, production)
    for (const [name, found] of Object.entries(after)) {
      await checks.that(`${name}: every pod is Ready on what ran before, none of the others left`, () =>
        equal({ ...found, image: '', generation: 0 }, { ...before[name], image: '', generation: 0 }),
      )
      await checks.that(`${name}: its image is pinned to that content`, () =>
        equal(found.image, `registry.local/${name}:v1.0.0@${before[name]?.digests[0] ?? ''}`),
      )
    }
    await checks.that('the configuration is as it was', async () => {
      const found = await readConfigMap(world, configMapName, '{.data.BROKEN}')
      return equal(found, '')
    })
    await checks.that(
      'rollout history tells the cause that was told before, and the Deployment who went back',
      async () =>
        equal(
          [await annotation(world, 'kubernetes.io/change-cause'), await annotation(world, rolledBackFrom)],
          [cause, 'v1.1.0'],
        ),
    )
    await checks.that('the summary says first that production is back, and how well it is', () =>
      says(
        done.jobs.flatMap(({ summaries }) => summaries).join('\n'),
        /^## 🟧 production is back on v1\.0\.0\n\*\*Do:\*\* /m,
      ),
    )
    const store = recordStore(world.api, production)
    await checks.that('v1.0.0 is known good again, and v1.1.0 is marked', async () => {
      const { knownGood, latest } = await store.load()
      const { bad } = await store.history()
      return equal(
        [
          knownGood?.version,
          latest?.phases.at(-1)?.outcome,
          bad.map(({ version, reason }) => [version, reason]),
        ],
        ['v1.0.0', 'rolled-back', [['v1.1.0', 'critical bug']]],
      )
    })
    await checks.that('the deployment log tells it', async () =>
      says(
        await world.repository.inBare('show', 'deployment-log:deployment-log.txt'),
        /Rolled back v1\.1\.0 to release v1\.0\.0 \(critical bug, by rosa/,
      ),
    )
    await checkTicket(stage, {
      state: 'reopened',
      firstLine: /^## 🟧 production is back on v1\.0\.0: v1\.1\.0 was rolled back$/,
      label: 'deployment-rolled-back',
    })

    const again = await rollbackFromTerminal(world, 'still not sure')
    await checks.that('from a terminal, with a kubeconfig alone, there is nothing left to do', () => ({
      ok: again.code === 0 && again.output.includes('Nothing to do'),
      found: `exit ${again.code}: ${again.output.slice(-300)}`,
    }))
    await checks.that('and nothing is written', async () =>
      equal(generations(await look(world, production)), generations(after)),
    )

    const once = await stage.rerun(deployed)
    await checks.that('deploying v1.1.0 again needs a reason', () =>
      says(
        once.result.annotations.map(({ message }) => message).join('\n'),
        /v1\.1\.0 was rolled back from production at .* UTC by rosa: critical bug\./,
      ),
    )
    await checks.that('and stops before anything is changed', async () =>
      equal(
        [once.result.conclusion, generations(await look(world, production))],
        ['failure', generations(after)],
      ),
    )
    await checkInvariants(stage, deployed)
    await checkInvariants(stage, { ...deployed, result: done })
  },
}

/** What production's download-worker carries; empty where it does not. */
function annotation({ cluster }: World, name: string): Promise<string> {
  const path = `jsonpath={.metadata.annotations.${name.replaceAll('.', String.raw`\.`)}}`
  return cluster.kubectlRun(['get', 'deployment', 'download-worker', '-n', production.namespace, '-o', path])
}

function generations(found: Record<string, Found>): Record<string, number> {
  return Object.fromEntries(Object.entries(found).map(([name, { generation }]) => [name, generation]))
}
