import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { splitPods, type ComponentState } from '../../packages/shared/src/cluster/component.ts'
import { production } from '../world/environment.ts'
import { equal } from './checks.ts'
import { checkInvariants } from './invariants.ts'
import { lookUntil } from './look-until.ts'
import { look } from './observe.ts'
import type { Scenario } from './scenario.ts'

const fault = { namespace: production.namespace, image: 'download-worker:v1.1.0', error: 'rate-limit' }
/** Over before the kubelet tries again, 10 to 25 s after the first failure: the default patience of 42 s outlasts that. */
const failsForMs = 5_000

/** A registry's rate limit lasts for moments; a release that is given up for it would be given up for nothing. */
export const transientPull: Scenario = {
  name: 'transient-pull',
  title: 'production cannot pull an image for 5 s, then can: green with the default patience',
  async play(stage) {
    const { world, checks } = stage
    let failing: string | undefined
    const deployed = await stage.deploy({
      version: 'v1.1.0',
      pullFaults: [fault],
      meanwhile: async (started) => {
        failing = await lookUntil(world, production, started, 'download-worker', pullFailure)
        const until = new Date(Date.now() + failsForMs).toISOString()
        await writeFile(join(world.images, 'faults.json'), JSON.stringify([{ ...fault, until }]))
      },
    })
    await checks.that('a pull really failed', () => ({
      ok: failing?.includes('429 Too Many Requests') === true,
      found: failing ?? 'none',
    }))
    await checks.that('the run is green', () => equal(deployed.result.conclusion, 'success'))
    await checks.that('six download workers run v1.1.0, none of the old ones is left', async () => {
      const worker = (await look(world, production))['download-worker']
      return equal(
        { ready: worker?.ready, old: worker?.old, isNew: worker?.image.includes(':v1.1.0@') },
        { ready: 6, old: 0, isNew: true },
      )
    })
    await checkInvariants(stage, deployed)
  },
}

function pullFailure(state: ComponentState): string | undefined {
  return splitPods(state)
    .current.flatMap((pod) => pod.status?.containerStatuses ?? [])
    .map(({ state: now }) => now?.waiting)
    .find((waiting) => waiting?.reason === 'ErrImagePull' || waiting?.reason === 'ImagePullBackOff')?.message
}
