import { nodeId } from '../links.ts'
import type { Links } from '../links.ts'
import type { Schema } from '../operation.ts'
import type { Role, User } from '../state/users.ts'

/** A user as part of another answer. */
export function simpleUser({ root }: Links, { id, login, type, name, email }: User): Schema<'simple-user'> {
  const api = `${root}/users/${encodeURIComponent(login)}`
  const html = `${root}/${encodeURIComponent(login)}`
  return {
    login,
    id,
    node_id: nodeId('User', id),
    name,
    email,
    avatar_url: `${html}.png`,
    gravatar_id: '',
    url: api,
    html_url: html,
    followers_url: `${api}/followers`,
    following_url: `${api}/following{/other_user}`,
    gists_url: `${api}/gists{/gist_id}`,
    starred_url: `${api}/starred{/owner}{/repo}`,
    subscriptions_url: `${api}/subscriptions`,
    organizations_url: `${api}/orgs`,
    repos_url: `${api}/repos`,
    events_url: `${api}/events{/privacy}`,
    received_events_url: `${api}/received_events`,
    type,
    site_admin: false,
  }
}

/** A user's own page. */
export function publicUser(links: Links, user: User): Schema<'public-user'> {
  return {
    ...simpleUser(links, user),
    name: user.name,
    email: user.email,
    user_view_type: 'public',
    company: null,
    blog: null,
    location: null,
    hireable: null,
    bio: null,
    public_repos: 0,
    public_gists: 0,
    followers: 0,
    following: 0,
    created_at: user.createdAt,
    updated_at: user.createdAt,
  }
}

/** What a role allows, in GitHub's five older words. */
export function permissions(role: Role): {
  pull: boolean
  triage: boolean
  push: boolean
  maintain: boolean
  admin: boolean
} {
  const order: Role[] = ['none', 'read', 'triage', 'write', 'maintain', 'admin']
  const atLeast = (other: Role): boolean => order.indexOf(role) >= order.indexOf(other)
  return {
    pull: atLeast('read'),
    triage: atLeast('triage'),
    push: atLeast('write'),
    maintain: atLeast('maintain'),
    admin: atLeast('admin'),
  }
}

/** What somebody is to the repository, judged by the role alone. */
export function association({ type, role }: User): Schema<'author-association'> {
  if (type === 'Organization') return 'OWNER'
  return role === 'none' ? 'NONE' : 'COLLABORATOR'
}
