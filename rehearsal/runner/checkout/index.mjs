// Stands in for actions/checkout: clones from $REHEARSAL_GIT/<owner>/<name>.git, a bare repository on this machine.
import { spawnSync } from 'node:child_process'
import { appendFileSync, existsSync, mkdirSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'

const environment = process.env
const input = (name) => (environment[`INPUT_${name.toUpperCase()}`] ?? '').trim()

function fail(message) {
  console.log(`::error title=checkout::${message.replaceAll('%', '%25').replaceAll('\n', '%0A')}`)
  process.exit(1)
}

function git(...args) {
  const result = spawnSync('git', ['-C', directory, ...args], { encoding: 'utf8' })
  if (result.error) fail(`git does not run: ${result.error.message}`)
  if (result.status !== 0) fail(`git ${args.join(' ')} failed for ${repository}: ${result.stderr.trim()}`)
  return result.stdout.trim()
}

function flag(name) {
  const value = input(name).toLowerCase()
  if (value !== 'true' && value !== 'false') fail(`${name} is "${value}"; valid are true and false`)
  return value === 'true'
}

/** Full names of the branches and tags of the repository, with the commit of each. */
function references() {
  const commits = new Map()
  for (const line of git('ls-remote', 'origin').split('\n').filter(Boolean)) {
    const [object, name] = line.split('\t')
    // the line NAME^{} follows NAME and holds the commit of an annotated tag
    commits.set(name.replace(/\^\{\}$/, ''), object)
  }
  return commits
}

/** What to fetch and what it is called: `name` is the full reference, or undefined for a bare commit. */
function resolveReference(ref) {
  if (/^([0-9a-f]{40}|[0-9a-f]{64})$/.test(ref)) return { commit: ref, name: undefined }
  const commits = references()
  const names = ref.startsWith('refs/') || ref === 'HEAD' ? [ref] : [`refs/heads/${ref}`, `refs/tags/${ref}`]
  const name = names.find((candidate) => commits.has(candidate))
  if (name === undefined) fail(`${repository} has no branch, tag or full commit "${ref}"`)
  return { commit: commits.get(name), name }
}

if (!environment.REHEARSAL_GIT) fail('REHEARSAL_GIT is not set: it names the folder of bare repositories')
const repository = input('repository')
if (!/^[\w.-]+\/[\w.-]+$/.test(repository)) fail(`repository is "${repository}"; it must be owner/name`)
const bare = join(environment.REHEARSAL_GIT, `${repository}.git`)
if (!existsSync(bare)) fail(`${repository} does not exist: there is no bare repository ${bare}`)
const depth = Number(input('fetch-depth'))
if (!Number.isInteger(depth) || depth < 0)
  fail(`fetch-depth is "${input('fetch-depth')}"; it must be 0 or more`)
const fetchTags = flag('fetch-tags')
const persistCredentials = flag('persist-credentials')
const directory = resolve(environment.GITHUB_WORKSPACE, input('path') || '.')
if (relative(environment.GITHUB_WORKSPACE, directory).startsWith('..'))
  fail(`path "${input('path')}" leaves the workspace`)

mkdirSync(directory, { recursive: true })
git('init', '--quiet')
git('config', 'remote.origin.url', bare)
git('config', 'remote.origin.fetch', '+refs/heads/*:refs/remotes/origin/*')
git('config', 'advice.detachedHead', 'false')
if (persistCredentials) {
  const basic = Buffer.from(`x-access-token:${input('token')}`).toString('base64')
  console.log(`::add-mask::${basic}`)
  git('config', `http.${environment.GITHUB_SERVER_URL}/.extraheader`, `AUTHORIZATION: basic ${basic}`)
}

const ofTheEvent = repository === environment.GITHUB_REPOSITORY
const ref = input('ref') || (ofTheEvent ? environment.GITHUB_SHA : 'HEAD')
const { commit: wanted, name } = resolveReference(ref)
if (depth === 0) git('fetch', '--quiet', '--prune', '--tags', 'origin', '+refs/heads/*:refs/remotes/origin/*')
else git('fetch', '--quiet', fetchTags ? '--tags' : '--no-tags', `--depth=${depth}`, 'origin', name ?? wanted)

const branch = name?.startsWith('refs/heads/') ? name.slice('refs/heads/'.length) : undefined
if (branch === undefined) git('checkout', '--quiet', '--force', '--detach', wanted)
else git('checkout', '--quiet', '--force', '-B', branch, wanted)

const commit = git('rev-parse', 'HEAD')
appendFileSync(environment.GITHUB_OUTPUT, `commit=${commit}\nref=${ref}\n`)
console.log(`${repository} at ${commit}${name ? ` (${name})` : ''}`)
