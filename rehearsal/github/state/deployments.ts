import type { Environments } from './environments.ts'
import type { Timestamp } from '../time.ts'
import type { Sequence } from './sequence.ts'
import type { User, Users } from './users.ts'

export type DeploymentState =
  'error' | 'failure' | 'inactive' | 'in_progress' | 'queued' | 'pending' | 'success'

export interface DeploymentStatus {
  id: number
  state: DeploymentState
  creator: User
  description: string
  logUrl: string
  environment: string
  environmentUrl: string
  createdAt: string
}

export interface Deployment {
  id: number
  sha: string
  /** As it was asked for: a branch, a tag or a SHA. */
  ref: string
  task: string
  environment: string
  payload: Record<string, unknown> | string
  description: string | null
  isTransient: boolean
  isProduction: boolean
  creator: User
  createdAt: string
  updatedAt: string
  /** Oldest first. */
  statuses: DeploymentStatus[]
}

export type NewDeployment = Omit<Deployment, 'id' | 'creator' | 'createdAt' | 'updatedAt' | 'statuses'> & {
  creator: string
}

export type NewDeploymentStatus = Omit<DeploymentStatus, 'id' | 'creator' | 'createdAt'> & {
  creator: string
  /** Whether a success makes the environment's earlier deployments inactive. */
  isAutoInactive: boolean
}

/** Deployments and their statuses. */
export class Deployments {
  readonly #deployments: Deployment[] = []
  readonly #ids: Sequence
  readonly #timestamp: Timestamp
  readonly #users: Users
  readonly #environments: Environments

  constructor(ids: Sequence, timestamp: Timestamp, users: Users, environments: Environments) {
    this.#ids = ids
    this.#timestamp = timestamp
    this.#users = users
    this.#environments = environments
  }

  create({ creator, ...fields }: NewDeployment): Deployment {
    const at = this.#timestamp()
    const by = this.#users.get(creator)
    const deployment = {
      ...fields,
      id: this.#ids.next(),
      creator: by,
      createdAt: at,
      updatedAt: at,
      statuses: [],
    }
    this.#environments.ensure(fields.environment)
    this.#deployments.push(deployment)
    return deployment
  }

  addStatus(
    deployment: Deployment,
    { creator, isAutoInactive, ...fields }: NewDeploymentStatus,
  ): DeploymentStatus {
    const at = this.#timestamp()
    const status = { ...fields, id: this.#ids.next(), creator: this.#users.get(creator), createdAt: at }
    if (status.state === 'success' && isAutoInactive) this.#retireOthers(deployment, status)
    deployment.statuses.push(status)
    deployment.updatedAt = at
    return status
  }

  find(id: number): Deployment | undefined {
    return this.#deployments.find((deployment) => deployment.id === id)
  }

  /** All deployments, newest first. */
  list(): Deployment[] {
    return this.#deployments.toReversed()
  }

  /** GitHub's rule: the earlier, successful, non-transient, non-production deployments to the same environment. */
  #retireOthers(current: Deployment, success: DeploymentStatus): void {
    for (const deployment of this.#deployments) {
      const isSameEnvironment = deployment.environment === current.environment && deployment !== current
      const isKept = deployment.isTransient || deployment.isProduction
      if (!isSameEnvironment || isKept || deployment.statuses.at(-1)?.state !== 'success') continue
      deployment.statuses.push({ ...success, id: this.#ids.next(), state: 'inactive', description: '' })
      deployment.updatedAt = success.createdAt
    }
  }
}
