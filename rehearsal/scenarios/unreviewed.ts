import { production } from '../world/environment.ts'
import { checkBlocked } from './blocked.ts'
import { look } from './observe.ts'
import type { Scenario } from './scenario.ts'

/** Somebody pushes a commit past the pull requests and tags it. */
export const unreviewed: Scenario = {
  name: 'unreviewed',
  title: 'a commit came by no pull request: blocked with its name, production untouched',
  async play(stage) {
    const before = await look(stage.world, production)
    const deployed = await stage.deploy({ version: 'v1.1.0', people: { isReviewed: false } })
    const short = deployed.commit.slice(0, 7)
    await checkBlocked(stage, deployed, before, {
      at: 'preflight',
      reason: new RegExp(`change-reviewed is fail: 1 commit came by no pull request: ${short}\\.`),
      ticketSays: [`${short} by rosa, pushed directly`],
    })
  },
}
