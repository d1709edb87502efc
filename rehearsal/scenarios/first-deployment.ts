import { production } from '../world/environment.ts'
import { recordStore } from '../world/seed.ts'
import { equal, says } from './checks.ts'
import { checkInvariants } from './invariants.ts'
import { look } from './observe.ts'
import type { Scenario } from './scenario.ts'
import { checkRed, checkSkipped } from './untouched.ts'

/** A team begins to use the suite on a production that runs already: no record says what that is. */
export const firstDeployment: Scenario = {
  name: 'first-deployment',
  title: 'no record in production: red until the class is given, then what ran is adopted as known good',
  async play(stage) {
    const { world, checks } = stage
    await world.cluster.kubectlRun([
      'delete',
      'configmap',
      '-n',
      production.namespace,
      '-l',
      'app.kubernetes.io/managed-by=runbook-actions',
    ])
    const before = await look(world, production)

    const without = await stage.deploy({ version: 'v1.1.0' })
    await checkRed(stage, without, /The class of v1\.1\.0 cannot be told/)
    await checkSkipped(stage, without, ['Staging', 'Preflight', 'Approval', 'Production'])
    await checks.that('production is untouched', async () => equal(await look(world, production), before))

    const given = await stage.deploy({
      version: 'v1.1.1',
      workflow: (text) => text.replace(/^( +)secrets:\n/m, '$1with:\n$1  first-deployment-class: minor\n$&'),
    })
    await checks.that('with the class it is green', () => equal(given.result.conclusion, 'success'))
    await checks.that('all components run v1.1.1', async () => {
      const found = Object.values(await look(world, production))
      return {
        ok: found.length === 3 && found.every(({ image, old }) => image.includes(':v1.1.1@') && old === 0),
        found: found.map(({ image }) => image).join(', '),
      }
    })
    const { latest, knownGood } = await recordStore(world.api, production).load()
    await checks.that('the record says over what it was deployed: exactly what ran', () => {
      const adopted = latest?.from?.components.map(({ deployment, digest }) => [deployment, [digest]])
      const ran = Object.entries(before).map(([name, { digests }]) => [name, digests])
      return equal([latest?.from?.recordId, adopted], ['adopted', ran])
    })
    await checks.that('v1.1.1 is known good now, as a minor change', () =>
      equal([knownGood?.version, latest?.class], ['v1.1.1', 'minor']),
    )
    await checks.that('it is tagged', async () =>
      equal(await world.repository.inBare('rev-parse', 'v1.1.1-prod^{commit}'), given.commit),
    )
    await checks.that('the log tells of this deployment', async () =>
      says(
        await world.repository.inBare('show', 'deployment-log:deployment-log.txt'),
        /Deployed v1\.1\.1 .* successfully/,
      ),
    )
    await checkInvariants(stage, given)
  },
}
