import { ApiError, found } from '../errors.ts'
import type { Routes, Schema } from '../operation.ts'
import { permissions, publicUser, simpleUser } from '../representations/user.ts'
import type { Role } from '../state/users.ts'

/** GitHub's `permission` knows four words; the finer roles count as the next lower one. */
const legacyPermission: Record<Role, string> = {
  admin: 'admin',
  maintain: 'write',
  write: 'write',
  triage: 'read',
  read: 'read',
  none: 'none',
}

/** People, what they may do, and how many requests are left. */
export const users = {
  'GET /users/{username}': ({ path }, { links, state }) => ({
    status: 200,
    body: publicUser(links, found(state.users.find(path.username))),
  }),

  'GET /repos/{owner}/{repo}/collaborators/{username}/permission': ({ path }, { links, state }) => {
    const user = state.users.find(path.username)
    if (user === undefined) throw new ApiError(404, `${path.username} is not a user`)
    return {
      status: 200,
      body: {
        permission: legacyPermission[user.role],
        role_name: user.role,
        user: { ...simpleUser(links, user), permissions: permissions(user.role), role_name: user.role },
      },
    }
  },

  'GET /rate_limit': (_request, { state }) => {
    const rate: Schema<'rate-limit'> = state.rateLimit.snapshot()
    return { status: 200, body: { rate, resources: { core: rate, search: rate } } }
  },
} satisfies Routes
