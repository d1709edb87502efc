import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { production } from '../world/environment.ts'
import { recordStore } from '../world/seed.ts'
import { equal } from './checks.ts'
import { checkInvariants } from './invariants.ts'
import { look } from './observe.ts'
import { checkRolledBack, standOf } from './rolled-back.ts'
import type { Scenario } from './scenario.ts'
import { checkRed } from './untouched.ts'

const reason = 'the registry of production was the cause'

/** The release was not the cause, so there is nothing to mend in it. */
export const redeployBad: Scenario = {
  name: 'redeploy-bad',
  title: 'a version that was rolled back is deployed again: blocked without a reason, deployed with one',
  async play(stage) {
    const { world, checks } = stage
    const before = await standOf(world)
    const bad = await stage.deploy({
      version: 'v1.1.0',
      pullFaults: [{ namespace: production.namespace, image: 'event-ingester:v1.1.0', error: 'not-found' }],
      runbook: (document) => {
        document.setIn(['rollout', 'image-pull'], '5s')
      },
      workflow: (text) =>
        text.replace(
          /^( *)uses: (.*deploy\.yml.*)$/m,
          '$1uses: $2\n$1with:\n$1  redeploy-reason: ${{ vars.REDEPLOY_REASON }}',
        ),
    })
    await checkRolledBack(stage, before, bad, 'failed')
    await writeFile(join(world.images, 'faults.json'), '[]')

    const back = await look(world, production)
    const without = await stage.rerun(bad)
    await checkRed(
      stage,
      without,
      /v1\.1\.0 was rolled back from production at .* UTC by rosa: failed at rollout: event-ingester: /,
    )
    await checks.that('without a reason nothing is changed', async () =>
      equal(await look(world, production), back),
    )

    const again = await stage.rerun(without, { REDEPLOY_REASON: reason })
    await checks.that('with a reason the run is green', () => equal(again.result.conclusion, 'success'))
    await checks.that('every pod runs v1.1.0', async () =>
      equal(
        Object.values(await look(world, production)).map(({ image, pods, ready, old }) => [
          /:(v[\d.]+)@/.exec(image)?.[1],
          pods - ready,
          old,
        ]),
        Array.from({ length: 3 }, () => ['v1.1.0', 0, 0]),
      ),
    )
    await checks.that('the record says who decided it, and why; v1.1.0 is known good', async () => {
      const { latest, knownGood } = await recordStore(world.api, production).load()
      return equal(
        [latest?.overrides.map((each) => [each.gate, each.by, each.reason]), knownGood?.version],
        [[['rolled-back-before', 'rosa', reason]], 'v1.1.0'],
      )
    })
    await checkInvariants(stage, again)
  },
}
