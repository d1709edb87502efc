import { nodeId } from '../links.ts'
import type { Links } from '../links.ts'
import type { Schema } from '../operation.ts'
import type { Environment, Reviewer, Team } from '../state/environments.ts'
import { simpleUser } from './user.ts'

interface EnvironmentAddress {
  id: number
  node_id: string
  name: string
  url: string
  html_url: string
}

/** An environment as part of another answer. */
export function environmentAddress(links: Links, { id, name }: Environment): EnvironmentAddress {
  return {
    id,
    node_id: nodeId('Environment', id),
    name,
    url: links.api(`environments/${encodeURIComponent(name)}`),
    html_url: links.html(`deployments/activity_log?environments_filter=${encodeURIComponent(name)}`),
  }
}

/** An environment with its protection rules. */
export function environmentJson(links: Links, environment: Environment): Schema<'environment'> {
  const { branchPolicy } = environment
  return {
    ...environmentAddress(links, environment),
    created_at: environment.createdAt,
    updated_at: environment.updatedAt,
    protection_rules: protectionRules(links, environment),
    deployment_branch_policy:
      branchPolicy === undefined
        ? null
        : {
            protected_branches: branchPolicy === 'protected-branches',
            custom_branch_policies: branchPolicy === 'custom',
          },
  }
}

/** A person or a team that may approve. */
export function reviewerJson(links: Links, reviewer: Reviewer): ReviewerJson {
  if (reviewer.type === 'User') return { type: 'User', reviewer: simpleUser(links, reviewer.user) }
  return { type: 'Team', reviewer: teamJson(links, reviewer.team) }
}

type ReviewerJson = Schema<'pending-deployment'>['reviewers'][number]

/** Rules have no identity of their own here: their numbers follow from the environment's. */
function protectionRules(
  links: Links,
  environment: Environment,
): NonNullable<Schema<'environment'>['protection_rules']> {
  const { id, waitTimerMinutes, reviewers, preventsSelfReview, branchPolicy } = environment
  const rule = (offset: number, type: string): { id: number; node_id: string; type: string } => {
    const ruleId = id * 10 + offset
    return { id: ruleId, node_id: nodeId('Rule', ruleId), type }
  }
  return [
    ...(waitTimerMinutes > 0 ? [{ ...rule(1, 'wait_timer'), wait_timer: waitTimerMinutes }] : []),
    ...(reviewers.length > 0
      ? [
          {
            ...rule(2, 'required_reviewers'),
            prevent_self_review: preventsSelfReview,
            reviewers: reviewers.map((reviewer) => reviewerJson(links, reviewer)),
          },
        ]
      : []),
    ...(branchPolicy === undefined ? [] : [rule(3, 'branch_policy')]),
  ]
}

function teamJson({ root, owner }: Links, { id, slug, name }: Team): Schema<'team'> {
  const url = `${root}/orgs/${owner}/teams/${slug}`
  return {
    id,
    node_id: nodeId('Team', id),
    slug,
    name,
    description: null,
    type: 'organization',
    permission: 'pull',
    parent: null,
    url,
    html_url: url,
    members_url: `${url}/members{/member}`,
    repositories_url: `${url}/repos`,
  }
}
