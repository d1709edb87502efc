import { defaultBranch } from '../git/refs.ts'
import { nodeId } from '../links.ts'
import type { Links } from '../links.ts'
import type { Schema } from '../operation.ts'
import type { StandIn } from '../stand-in.ts'
import type { User } from '../state/users.ts'
import { permissions, simpleUser } from './user.ts'

/** The stand-in serves one repository. */
const repositoryId = 1

/** The repository as part of another answer. */
export function simpleRepository(links: Links, owner: User): Schema<'simple-repository'> {
  return {
    id: repositoryId,
    node_id: nodeId('Repository', repositoryId),
    name: links.repo,
    full_name: links.fullName,
    owner: simpleUser(links, owner),
    private: false,
    fork: false,
    description: null,
    html_url: links.html(),
    url: links.api(),
    archive_url: links.api('{archive_format}{/ref}'),
    assignees_url: links.api('assignees{/user}'),
    blobs_url: links.api('git/blobs{/sha}'),
    branches_url: links.api('branches{/branch}'),
    collaborators_url: links.api('collaborators{/collaborator}'),
    comments_url: links.api('comments{/number}'),
    commits_url: links.api('commits{/sha}'),
    compare_url: links.api('compare/{base}...{head}'),
    contents_url: links.api('contents/{+path}'),
    contributors_url: links.api('contributors'),
    deployments_url: links.api('deployments'),
    downloads_url: links.api('downloads'),
    events_url: links.api('events'),
    forks_url: links.api('forks'),
    git_commits_url: links.api('git/commits{/sha}'),
    git_refs_url: links.api('git/refs{/sha}'),
    git_tags_url: links.api('git/tags{/sha}'),
    hooks_url: links.api('hooks'),
    issue_comment_url: links.api('issues/comments{/number}'),
    issue_events_url: links.api('issues/events{/number}'),
    issues_url: links.api('issues{/number}'),
    keys_url: links.api('keys{/key_id}'),
    labels_url: links.api('labels{/name}'),
    languages_url: links.api('languages'),
    merges_url: links.api('merges'),
    milestones_url: links.api('milestones{/number}'),
    notifications_url: links.api('notifications{?since,all,participating}'),
    pulls_url: links.api('pulls{/number}'),
    releases_url: links.api('releases{/id}'),
    stargazers_url: links.api('stargazers'),
    statuses_url: links.api('statuses/{sha}'),
    subscribers_url: links.api('subscribers'),
    subscription_url: links.api('subscription'),
    tags_url: links.api('tags'),
    teams_url: links.api('teams'),
    trees_url: links.api('git/trees{/sha}'),
  }
}

/** GitHub describes a whole repository twice: as its own page and as a side of a pull request. */
type FullRepository = Schema<'full-repository'> & Schema<'repository'>

/** The repository with what is known about it. */
export async function fullRepository({ git, links, state }: StandIn): Promise<FullRepository> {
  const openIssues = state.issues.list().filter((issue) => issue.state === 'open').length
  return {
    ...simpleRepository(links, state.users.get(links.owner)),
    default_branch: await defaultBranch(git),
    clone_url: `${links.html()}.git`,
    git_url: `${links.html()}.git`,
    ssh_url: `${links.html()}.git`,
    svn_url: links.html(),
    mirror_url: null,
    homepage: null,
    language: null,
    license: null,
    visibility: 'public',
    archived: false,
    disabled: false,
    size: 0,
    forks: 0,
    forks_count: 0,
    stargazers_count: 0,
    watchers: 0,
    watchers_count: 0,
    network_count: 0,
    subscribers_count: 0,
    open_issues: openIssues,
    open_issues_count: openIssues,
    has_issues: true,
    has_projects: false,
    has_wiki: false,
    has_pages: false,
    has_downloads: false,
    has_discussions: false,
    permissions: permissions(state.users.bot.role),
    pushed_at: state.createdAt,
    created_at: state.createdAt,
    updated_at: state.createdAt,
  }
}
