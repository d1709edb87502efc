import { BranchProtection } from './state/branch-protection.ts'
import { Checks } from './state/checks.ts'
import { Deployments } from './state/deployments.ts'
import { Environments } from './state/environments.ts'
import { Faults } from './state/faults.ts'
import { Issues } from './state/issues.ts'
import { Pulls } from './state/pulls.ts'
import { RateLimit } from './state/rate-limit.ts'
import { Releases } from './state/releases.ts'
import { Runs } from './state/runs.ts'
import { Sequence } from './state/sequence.ts'
import { Users } from './state/users.ts'
import { isoSeconds } from './time.ts'
import type { Timestamp } from './time.ts'

/** A run that somebody started through the API. */
export interface WorkflowDispatch {
  runId: number
  /** The path of the workflow's file in the repository. */
  path: string
  ref: string
  /** The commit that the ref names. */
  sha: string
  /** As given, with the defaults that the workflow declares. */
  inputs: Record<string, string | number | boolean>
}

/** Called once the dispatch is accepted and before it is answered: start the run and return. */
export type OnDispatch = (dispatch: WorkflowDispatch) => void | Promise<void>

/**
 * Everything about the repository that is not in git. Scenarios arrange it through the same methods as the routes;
 * people are named by their login. Methods throw an ordinary error for what GitHub would not let happen.
 */
export class State {
  readonly now: () => Date
  readonly createdAt: string
  readonly onDispatch: OnDispatch
  readonly users: Users
  readonly issues: Issues
  readonly pulls: Pulls
  readonly runs: Runs
  readonly checks: Checks
  readonly environments: Environments
  readonly deployments: Deployments
  readonly releases: Releases
  readonly branchProtection = new BranchProtection()
  readonly faults: Faults
  readonly rateLimit: RateLimit

  constructor(owner: string, now: () => Date, onDispatch: OnDispatch) {
    const timestamp: Timestamp = () => isoSeconds(now())
    const ids = new Sequence(1001)
    const numbers = new Sequence(1)
    this.now = now
    this.createdAt = timestamp()
    this.onDispatch = onDispatch
    this.users = new Users(ids, timestamp, owner)
    this.issues = new Issues(ids, numbers, timestamp, this.users)
    this.pulls = new Pulls(ids, timestamp, this.users, this.issues)
    this.environments = new Environments(ids, timestamp, this.users)
    this.runs = new Runs(ids, timestamp, this.users, this.environments)
    this.checks = new Checks(ids, timestamp, this.users)
    this.deployments = new Deployments(ids, timestamp, this.users, this.environments)
    this.releases = new Releases(ids, timestamp, this.users)
    this.faults = new Faults(now)
    this.rateLimit = new RateLimit(now)
  }
}
