import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { components, type Component } from '../pipeline/components.ts'
import { buildImages } from '../pipeline/images.ts'
import type { FaultsFile } from '../pipeline/runtime/faults.ts'
import { watchPushes } from '../runner/pushes.ts'
import type { RunResult } from '../runner/run.ts'
import { startByHand, startForPush, type People, type StartedDeployment } from '../world/deploy.ts'
import type { RunbookEdit } from '../world/runbook.ts'
import type { Timeline } from '../world/timeline.ts'
import type { World } from '../world/world.ts'
import type { Checks } from './checks.ts'

/** One story that a deployment can go through. A new one is a file beside this and a line in the registry. */
export interface Scenario {
  readonly name: string
  /** One line for --list: what happens, and how it must end. */
  readonly title: string
  /** It does something to the cluster that is not done to somebody else's. */
  readonly needsOwnCluster?: boolean
  play(stage: Stage): Promise<void>
}

/** What is wrong with a release, and where. */
export interface Release {
  readonly version: string
  /** Of the services, by namespace. */
  readonly faults?: FaultsFile
  /** The services that have the faults; all if not given. */
  readonly faultsOf?: readonly Component[]
  /** Of pulling the images, as rehearsal/cluster reads them. */
  readonly pullFaults?: readonly Readonly<Record<string, unknown>>[]
  readonly runbook?: RunbookEdit
  /** What the release changes in the caller's workflow file. */
  readonly workflow?: (text: string) => string
  /** More files of the caller's repository, by their paths. */
  readonly files?: Readonly<Record<string, string>>
  /** What people leave undone. */
  readonly people?: Partial<People>
  /** Other kubeconfigs than the world's, by the names of the workflow's secrets. */
  readonly kubeconfigs?: Readonly<Record<string, string>>
  /** What happens while it runs. */
  readonly meanwhile?: (started: StartedDeployment) => Promise<void>
}

/** How a release ended. */
export interface Deployed {
  readonly commit: string
  readonly run: StartedDeployment
  readonly result: RunResult
}

/** What a scenario plays on. */
export class Stage {
  readonly world: World
  readonly checks: Checks
  readonly timeline: Timeline
  /** How the runs ended, in their order. */
  readonly results: RunResult[] = []

  constructor(world: World, checks: Checks, timeline: Timeline) {
    this.world = world
    this.checks = checks
    this.timeline = timeline
  }

  /** Builds the images, commits, tags and pushes; then waits for the workflow that the push has started. */
  async deploy(release: Release): Promise<Deployed> {
    const { version, faults = {}, faultsOf = components, pullFaults = [] } = release
    const { runbook, workflow, files, people, kubeconfigs, meanwhile } = release
    const { images, repository } = this.world
    const good = components.filter((name) => !faultsOf.includes(name))
    await buildImages({
      dir: images,
      versions: [
        { version, components: good },
        { version, components: faultsOf, faults },
      ],
    })
    await writeFile(join(images, 'faults.json'), JSON.stringify(pullFaults))
    const stop = new AbortController()
    let started: StartedDeployment | undefined
    const watching = watchPushes(
      repository.bare,
      async (push) => {
        started = (await startForPush(this.world, push, this.timeline, { ...people, kubeconfigs })) ?? started
        if (started !== undefined) stop.abort()
      },
      stop.signal,
    )
    const commit = await repository.release(version, { runbook, workflow, files })
    await watching
    if (started === undefined) throw new Error(`The push of ${version} started nothing.`)
    const [result] = await Promise.all([started.finished, meanwhile?.(started)])
    this.results.push(result)
    return { commit, run: started, result }
  }

  /** What "Run workflow" does, on the default branch, approved or not asked about; waits for its end. */
  async runByHand(
    workflow: string,
    inputs: Record<string, string | boolean>,
    approve = false,
  ): Promise<RunResult> {
    const people = { isReviewed: false, isTested: false, approve }
    const { finished } = await startByHand(this.world, workflow, inputs, this.timeline, people)
    const result = await finished
    this.results.push(result)
    return result
  }

  /** Starts the workflow that changes the configuration, approved and on a commit that was reviewed and tested. */
  async changeConfiguration(inputs: Record<string, string>): Promise<RunResult> {
    const people = { isReviewed: true, isTested: true, approve: true }
    const workflow = '.github/workflows/config-change.yml'
    const { finished } = await startByHand(this.world, workflow, inputs, this.timeline, people)
    const result = await finished
    this.results.push(result)
    return result
  }

  /** What "Re-run all jobs" does: the same event and the same run, one attempt later; with these variables by then. */
  async rerun(
    { commit, run }: Deployed,
    variables: Readonly<Record<string, string>> = {},
  ): Promise<Deployed> {
    const push = { ref: `refs/tags/${run.tag}`, before: '0'.repeat(40), after: commit }
    const started = await startForPush(this.world, push, this.timeline, {
      attempt: run.attempt + 1,
      variables,
    })
    if (started === undefined) throw new Error(`${run.tag} cannot be run again.`)
    const result = await started.finished
    this.results.push(result)
    return { commit, run: started, result }
  }
}
