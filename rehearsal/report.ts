import type { DeploymentRecord } from '../packages/shared/src/record/schema.ts'
import { Checks, type Check } from './scenarios/checks.ts'
import { Stage, type Scenario } from './scenarios/scenario.ts'
import { production } from './world/environment.ts'
import { recordStore } from './world/seed.ts'
import type { Timeline, TimelineEntry } from './world/timeline.ts'
import type { World } from './world/world.ts'

/** Where to look while it runs, or with --up and --keep. */
export interface Endpoints {
  readonly kubeconfig: string
  readonly kubectl: string
  readonly kafka: string
  readonly prometheus: string
  readonly alertmanager: string
  readonly github: string
  readonly repository: string
  readonly act: string
}

export interface Report {
  readonly scenario: string
  readonly outcome: 'passed' | 'failed'
  readonly checks: readonly Check[]
  readonly timeline: readonly TimelineEntry[]
  /** Production's record as it was at the end. */
  readonly record: DeploymentRecord | undefined
  readonly endpoints: Endpoints
}

export function endpointsOf(world: World): Endpoints {
  const { kubeconfig, kubectl } = world.cluster
  return {
    kubeconfig,
    kubectl,
    kafka: world.kafka.brokers.join(','),
    prometheus: world.prometheus.url,
    alertmanager: world.alertmanager.url,
    github: world.github.url,
    repository: world.repository.bare,
    act: world.act,
  }
}

/** A scenario that was played: what was found, and what the runs show on their summary pages. */
export interface Played {
  readonly report: Report
  readonly summaries: string
}

/** Plays one scenario on a booted world. What throws is a check that does not hold, so that the report tells it. */
export async function playScenario(scenario: Scenario, world: World, timeline: Timeline): Promise<Played> {
  timeline.add(`scenario ${scenario.name}: ${scenario.title}`)
  const first = timeline.entries.length
  const checks = new Checks((line) => {
    timeline.add(line)
  })
  const stage = new Stage(world, checks, timeline)
  try {
    await scenario.play(stage)
  } catch (error) {
    await checks.that('the scenario can be played to its end', () => {
      throw error
    })
  }
  const { latest } = await recordStore(world.api, production).load()
  const report: Report = {
    scenario: scenario.name,
    outcome: checks.failed.length === 0 && checks.all.length > 0 ? 'passed' : 'failed',
    checks: checks.all,
    timeline: timeline.entries.slice(first),
    record: latest,
    endpoints: endpointsOf(world),
  }
  const pages = stage.results.flatMap(({ jobs }) =>
    jobs.flatMap((job) => job.summaries.map((text) => `<!-- ${job.name} -->\n${text}`)),
  )
  return { report, summaries: `# ${scenario.name}\n\n${pages.join('\n\n')}\n` }
}
