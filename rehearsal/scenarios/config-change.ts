import { production } from '../world/environment.ts'
import { recordStore } from '../world/seed.ts'
import { equal, says } from './checks.ts'
import {
  configMapName,
  readConfigMap,
  configuration,
  inOrder,
  pushConfiguration,
  valuesInPods,
} from './configuration.ts'
import { checkInvariants } from './invariants.ts'
import { look } from './observe.ts'
import type { Scenario } from './scenario.ts'
import { checkTicket } from './ticket.ts'

const values = 'DOWNLOAD_CONCURRENCY=3\nRETRY_BACK_OFF_MS=150\nKAFKA_TRIAL=on'

/** Three values for what runs; the same once more; then the file, without one of them. */
export const configChange: Scenario = {
  name: 'config-change',
  title:
    'new values: every pod has them, the code stays; the same once more restarts nothing; a removed key is gone from every pod',
  async play(stage) {
    const { world, checks } = stage
    const before = await look(world, production)
    const old = await configuration(world)
    const result = await stage.changeConfiguration({ values })
    await checks.that('the run is green', () => equal(result.conclusion, 'success'))
    await checks.that('the ConfigMap has the new values, and else what it had', async () =>
      equal(
        await configuration(world),
        inOrder({ ...old, DOWNLOAD_CONCURRENCY: '3', RETRY_BACK_OFF_MS: '150', KAFKA_TRIAL: 'on' }),
      ),
    )
    await checks.that('every pod has them in its environment', async () =>
      equal(
        [
          await valuesInPods(world, 'DOWNLOAD_CONCURRENCY'),
          await valuesInPods(world, 'RETRY_BACK_OFF_MS'),
          await valuesInPods(world, 'KAFKA_TRIAL'),
        ],
        [['3'], ['150'], ['on']],
      ),
    )
    const after = await look(world, production)
    for (const [name, found] of Object.entries(after)) {
      await checks.that(`${name}: the same content, all pods Ready and none of the old ones left`, () =>
        equal([found.digests, found.ready, found.old], [before[name]?.digests, before[name]?.pods, 0]),
      )
      await checks.that(`${name}: it was restarted once`, () =>
        equal(found.generation, (before[name]?.generation ?? 0) + 1),
      )
    }
    await checks.that('what it said before is kept in an immutable copy', async () => {
      const { latest } = await recordStore(world.api, production).load()
      const copy = latest?.snapshot?.configMaps.find(({ name }) => name === configMapName)?.copy ?? 'none'
      const found = await readConfigMap(world, copy, '{.immutable} {.data.DOWNLOAD_CONCURRENCY}')
      return equal(found, `true ${old.DOWNLOAD_CONCURRENCY ?? ''}`)
    })
    await checks.that('every pod was asked, and no log has an error', async () => {
      const { latest } = await recordStore(world.api, production).load()
      const gates = latest?.phases.find(({ phase }) => phase === 'validate')?.gates ?? []
      const asked = ['configuration-loaded', 'configuration-errors'].map((name) =>
        gates.find(({ gate }) => gate === name),
      )
      return {
        ok: asked.every((gate) => gate?.verdict === 'pass'),
        found: asked.map((gate) => gate?.answer).join(' '),
      }
    })
    await checks.that('v1.0.0 with it is known good', async () => {
      const { knownGood, latest } = await recordStore(world.api, production).load()
      return equal([knownGood?.version, knownGood?.recordId], ['v1.0.0', latest?.id])
    })
    await checks.that('the deployment log tells who changed and who approved', async () =>
      says(
        await world.repository.inBare('show', 'deployment-log:deployment-log.txt'),
        /Deployed v1\.0\.0 with a new configuration .*successfully \(kafka-pipeline production, configuration, by rosa, approved by tina/,
      ),
    )
    await checkTicket(stage, {
      state: 'closed',
      firstLine: /^## ✅ v1\.0\.0 with a new configuration is live in production$/,
      says: ['DOWNLOAD\\_CONCURRENCY: changed'],
    })

    const again = await stage.changeConfiguration({ values })
    await checks.that('the same once more is green', () => equal(again.conclusion, 'success'))
    await checks.that('it ends after the plan, and says why', () =>
      says(
        again.jobs.flatMap(({ summaries }) => summaries).join('\n'),
        /production has this configuration already/,
      ),
    )
    await checks.that('and restarts nothing', async () => equal(await look(world, production), after))
    await checkInvariants(stage, { result })
    await checkInvariants(stage, { result: again })

    const { KAFKA_TRIAL: _, ...without } = await configuration(world)
    await pushConfiguration(world, without, 'The trial is over')
    const removed = await stage.changeConfiguration({})
    await checks.that('a key less is green', () => equal(removed.conclusion, 'success'))
    await checks.that('the key is gone from the ConfigMap and from every pod', async () =>
      equal([await configuration(world), await valuesInPods(world, 'KAFKA_TRIAL')], [without, ['none']]),
    )
    await checks.that('that was asked of every pod', async () => {
      const { latest } = await recordStore(world.api, production).load()
      const gates = latest?.phases.find(({ phase }) => phase === 'validate')?.gates ?? []
      const loaded = gates.find(({ gate }) => gate === 'configuration-loaded')
      return says(
        `${loaded?.verdict ?? ''}: ${loaded?.answer ?? ''}`,
        /^pass: .*Gone from all 10 pods with what was removed: 1 variable/,
      )
    })
    await checkInvariants(stage, { result: removed })
  },
}
