import { buildImages } from './pipeline/images.ts'
import { endpointsOf } from './report.ts'
import { watchPushes } from './runner/pushes.ts'
import { startForPush } from './world/deploy.ts'
import type { Timeline } from './world/timeline.ts'
import type { World } from './world/world.ts'

/** Versions that exist as images, for whoever plays. */
const playable = ['v1.0.1', 'v1.1.0', 'v1.2.0', 'v2.0.0'] as const

/** Waits for pushes and deploys each tag, until it is interrupted. */
export async function serve(world: World, timeline: Timeline, signal: AbortSignal): Promise<void> {
  await buildImages({ dir: world.images, versions: playable.map((version) => ({ version })) })
  console.log('\nEverything is up. Ctrl-C ends it.')
  for (const [name, value] of Object.entries(endpointsOf(world))) console.log(`  ${name.padEnd(12)} ${value}`)
  console.log(`\nDeploy a version (images exist for ${playable.join(', ')}):`)
  console.log(`  cd ${world.repository.clone}`)
  console.log('  git tag -a v1.1.0 -m "Release v1.1.0" && git push origin v1.1.0\n')
  const running = new Set<Promise<unknown>>()
  await watchPushes(
    world.repository.bare,
    async (push) => {
      const started = await startForPush(world, push, timeline)
      if (started === undefined) return
      const finished = started.finished.catch((error: unknown) => {
        timeline.add(`the run could not be followed: ${String(error)}`)
      })
      running.add(finished)
      void finished.finally(() => running.delete(finished))
    },
    signal,
  )
  await Promise.all(running)
}
