import { setTimeout as delay } from 'node:timers/promises'
import { production } from '../world/environment.ts'
import type { StartedDeployment } from '../world/deploy.ts'
import type { World } from '../world/world.ts'
import { equal, says } from './checks.ts'
import { checkInvariants } from './invariants.ts'
import { look } from './observe.ts'
import type { Scenario } from './scenario.ts'
import { patientWatch, watchPhases } from './watched.ts'

/** Longer than a query is tried again, shorter than the hold. */
const outageMs = 15_000

/** What measures goes away and comes back. Nothing is wrong with the release, and nobody can see that for a while. */
export const providerOutage: Scenario = {
  name: 'provider-outage',
  title:
    'Prometheus and the broker go away while it is watched, and come back: green, with the time that nobody saw',
  async play(stage) {
    const { world, checks } = stage
    const deployed = await stage.deploy({
      version: 'v1.1.0',
      runbook: (document) => {
        patientWatch(document)
        document.setIn(['prometheus', 'retry-for'], '4s')
        document.setIn(['kafka', 'connect-timeout'], '2s')
        document.setIn(['kafka', 'request-timeout'], '4s')
        document.setIn(['watch', 'hold'], '60s')
        // Consumers that lost their broker are behind for a moment; that is the outage's doing.
        document.setIn(
          ['rollback', 'triggers'],
          document.createNode([{ gate: 'error-rate', above: '5%', for: '6s' }]),
        )
      },
      meanwhile: (started) => outage(world, started),
    })
    await checks.that('the run is green', () => equal(deployed.result.conclusion, 'success'))
    await checks.that('nothing was rolled back', async () =>
      says((await look(world, production))['download-worker']?.image ?? '', ':v1.1.0@'),
    )
    const troubles = (await watchPhases(stage)).flatMap((phase) => phase.troubles ?? [])
    await checks.that('the record keeps when nothing was known, of both', () => {
      const known = new Set(troubles.filter(({ kind }) => kind === 'missing').map(({ gate }) => gate))
      return { ok: known.has('error-rate') && known.has('consumer-lag'), found: [...known].join(', ') }
    })
    const summary = deployed.result.jobs.flatMap((job) => job.summaries).join('\n')
    await checks.that('the summary says from when to when', () =>
      says(
        summary,
        /⚠️ error\\?-rate was not known for \d+ s, \d\d:\d\d:\d\d–\d\d:\d\d:\d\d UTC: .* Nothing was concluded from that time/,
      ),
    )
    await checkInvariants(stage, deployed)
  },
}

/** Takes both away in the middle of the first watch of production. */
async function outage({ prometheus, kafka }: World, { run }: StartedDeployment): Promise<void> {
  await run.until(
    (event) => event.type === 'line' && event.job.id === 'watch' && event.text.includes('error-rate:'),
  )
  await Promise.all([prometheus.stop(), kafka.stop()])
  await delay(outageMs)
  await Promise.all([prometheus.start(), kafka.start()])
}
