import type { Handler, OperationKey } from '../operation.ts'
import { actions } from './actions.ts'
import { branches } from './branches.ts'
import { checks } from './checks.ts'
import { comments } from './comments.ts'
import { commits } from './commits.ts'
import { contents } from './contents.ts'
import { deployments } from './deployments.ts'
import { dispatches } from './dispatches.ts'
import { environments } from './environments.ts'
import { gitObjects } from './git-objects.ts'
import { gitRefs } from './git-refs.ts'
import { gitTrees } from './git-trees.ts'
import { issues } from './issues.ts'
import { labels } from './labels.ts'
import { pulls } from './pulls.ts'
import { releases } from './releases.ts'
import { repository } from './repository.ts'
import { users } from './users.ts'

const tables = {
  ...gitRefs,
  ...gitObjects,
  ...gitTrees,
  ...contents,
  ...repository,
  ...branches,
  ...commits,
  ...pulls,
  ...issues,
  ...comments,
  ...labels,
  ...actions,
  ...dispatches,
  ...checks,
  ...deployments,
  ...environments,
  ...releases,
  ...users,
}

/** An operation that the stand-in serves. */
export type ServedOperation = Extract<keyof typeof tables, OperationKey>

/**
 * Every operation that the stand-in serves, by its key. Each handler is typed by its own operation; here that type is
 * given up, because the contract has checked the request against the same operation before a handler sees it.
 */
export const handlers: ReadonlyMap<string, Handler<unknown>> = new Map(
  Object.entries(tables) as unknown as [ServedOperation, Handler<unknown>][],
)
