// The product's own client against the stand-in: what it sends is what GitHub describes, and it copes with the rest.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import type { GitHubForge as GitHubForgeClass } from '../../packages/shared/src/github/github-forge.ts'
import type { TicketKey, TicketText } from '../../packages/shared/src/github/forge.ts'
import { ticketMarker } from '../../packages/shared/src/record/ticket-marker.ts'
import type { NewCheckRun } from './state/checks.ts'
import type { FaultKind } from './state/faults.ts'
import { startTestGitHub, testTimeoutMs, type TestGitHub } from './testing.ts'

let hub: TestGitHub
let forge: GitHubForgeClass
let first: string
let head: string

const commits = [
  { message: 'first', files: { 'README.md': 'hello\n' } },
  { message: 'WP-123 Optimize uploads\n\nMore words', files: { 'a.txt': 'a\n' } },
  { message: 'Tidy up', files: { 'b.txt': 'b\n' } },
]
const { signal } = new AbortController()

beforeAll(async () => {
  hub = await startTestGitHub(commits)
  const { GitHubForge } = await import('../../packages/shared/src/github/github-forge.ts')
  const { connectRepository } = await import('../../packages/shared/src/github/connect-repository.ts')
  forge = new GitHubForge(connectRepository('token', 'acme/kafka-pipeline', hub.github.url))
  head = (await hub.show('rev-parse', 'main')).trim()
  first = (await hub.show('rev-parse', 'main~2')).trim()
}, testTimeoutMs)

afterAll(async () => {
  await hub.stop()
}, testTimeoutMs)

let scenario = 0
let key: TicketKey

beforeEach(() => {
  scenario += 1
  const deployment = `kafka-pipeline/production/v1.1.0/${scenario}`
  key = { deployment, label: 'deployment', since: new Date(), number: undefined }
})

const textOf = (more: Partial<TicketText> = {}): TicketText => ({
  title: 'Deploy v1.1.0 to production (minor)',
  body: `## 📋 on its way\n\n${ticketMarker(key.deployment)}`,
  labels: ['deployment'],
  state: 'open',
  ...more,
})

/** The issues of this test's record, as the stand-in has them. */
const issues = () =>
  hub.github.state.issues.list().filter(({ body }) => body?.includes(ticketMarker(key.deployment)) === true)

/** Meets every request that writes to this path with a fault, while `work` runs. */
async function during<T>(
  kind: FaultKind,
  { method, path, requests }: { method?: string; path: RegExp; requests?: number },
  work: () => Promise<T>,
): Promise<T> {
  const end = hub.github.state.faults.start(kind, {
    only: (request) => path.test(request.path) && (method === undefined || request.method === method),
    ...(requests !== undefined && { requests }),
  })
  try {
    return await work()
  } finally {
    end()
  }
}

describe('tickets', () => {
  it(
    'are opened, found by their marker or number, updated and closed as completed',
    async () => {
      expect(await forge.findTicket(key, signal)).toBeUndefined()
      const opened = await forge.openTicket(key, textOf(), signal)
      expect(opened).toMatchObject({ labels: ['deployment'], body: textOf().body })
      expect((await forge.findTicket(key, signal))?.number).toBe(opened.number)
      expect((await forge.findTicket({ ...key, number: opened.number }, signal))?.number).toBe(opened.number)

      const bad = textOf({ title: 'x', labels: ['deployment', 'deployment-failed'] })
      await forge.updateTicket(opened.number, bad, signal)
      expect(issues()[0]).toMatchObject({ title: 'x', state: 'open', stateReason: null })
      expect(issues()[0]?.labels.map(({ name }) => name)).toEqual(['deployment', 'deployment-failed'])

      await forge.updateTicket(opened.number, textOf({ state: 'closed' }), signal)
      expect(issues()).toHaveLength(1)
      expect(issues()[0]).toMatchObject({ state: 'closed', stateReason: 'completed' })
      expect((await forge.findTicket(key, signal))?.number).toBe(opened.number)
    },
    testTimeoutMs,
  )

  it(
    'of one record are one, however many runs open them at the same time',
    async () => {
      const opened = await Promise.all(
        Array.from({ length: 5 }, () => forge.openTicket(key, textOf(), signal)),
      )
      expect(new Set(opened.map(({ number }) => number)).size).toBe(1)
      expect(issues()).toHaveLength(1)
      const duplicates = hub.github.state.issues.list().filter(({ title }) => title.startsWith('Duplicate'))
      expect(duplicates.map(({ state, stateReason }) => [state, stateReason])).toEqual(
        Array.from({ length: duplicates.length }, () => ['closed', 'not_planned']),
      )
    },
    testTimeoutMs,
  )

  it(
    'are not opened twice where the answer was lost',
    async () => {
      const before = hub.github.state.issues.list().length
      const ticket = await during('answer-lost', { method: 'POST', path: /\/issues$/, requests: 1 }, () =>
        forge.openTicket(key, textOf(), signal),
      )
      expect(issues().map(({ number }) => number)).toEqual([ticket.number])
      expect(hub.github.state.issues.list()).toHaveLength(before + 1)
    },
    testTimeoutMs,
  )

  it(
    'are opened at the second try where the first did not arrive',
    async () => {
      await during('unavailable', { method: 'POST', path: /\/issues$/, requests: 1 }, () =>
        forge.openTicket(key, textOf(), signal),
      )
      expect(issues()).toHaveLength(1)
    },
    testTimeoutMs,
  )

  it('are not taken for one that only quotes the marker, nor for a pull request', async () => {
    const { state } = hub.github
    state.users.add({ login: 'mallory', role: 'read' })
    const other = ticketMarker('other')
    state.issues.open({
      title: 'quotes it',
      author: 'mallory',
      labels: ['deployment'],
      body: `\`\`\`\n${ticketMarker(key.deployment)}\n\`\`\`\n\n${other}`,
    })
    state.pulls.add({
      title: 'carries it',
      author: 'mallory',
      labels: ['deployment'],
      body: ticketMarker(key.deployment),
      head: { ref: 'x', sha: head },
      base: { ref: 'main', sha: first },
    })
    expect(await forge.findTicket(key, signal)).toBeUndefined()
  })

  it('are found also where a browser has changed the line ends, and the number is of another', async () => {
    const { number } = await forge.openTicket(key, textOf(), signal)
    await forge.updateTicket(number, textOf({ body: textOf().body.replaceAll('\n', '\r\n') }), signal)
    expect((await forge.findTicket({ ...key, number: 999_999 }, signal))?.number).toBe(number)
  })

  it.each([
    ['GET', () => forge.findTicket(key, signal), 'Looking for the deployment ticket'],
    ['POST', () => forge.openTicket(key, textOf(), signal), 'Opening the deployment ticket'],
    ['PATCH', () => forge.updateTicket(1, textOf(), signal), 'Updating the deployment ticket #1'],
  ])('name the permission that %s needs', async (method, work, what) => {
    await during('forbidden', { method, path: /\/issues/ }, async () => {
      await expect(work()).rejects.toMatchObject({
        message: expect.stringContaining(`${what} is not allowed: Resource not accessible by integration`),
        next: expect.stringContaining('permissions: issues: write'),
      })
    })
  })
})

describe('changes', () => {
  it('are the commits between two, oldest first', async () => {
    const comparison = await forge.commitsBetween(first, head, signal)
    expect(comparison).toMatchObject({ total: 2, missing: 0 })
    expect(comparison?.commits.map(({ message, isMerge }) => [message.trim(), isMerge])).toEqual([
      ['WP-123 Optimize uploads\n\nMore words', false],
      ['Tidy up', false],
    ])
    expect(comparison).toMatchObject({ files: ['a.txt', 'b.txt'], areAllFiles: true })
    expect(await forge.commitsBetween(head, first, signal)).toMatchObject({
      commits: [],
      total: 0,
      missing: 2,
    })
    expect(await forge.commitsBetween(head, head, signal)).toEqual({
      commits: [],
      total: 0,
      missing: 0,
      files: [],
      areAllFiles: true,
    })
  })

  it('are not known where a commit is gone', async () => {
    expect(await forge.commitsBetween('f'.repeat(40), head, signal)).toBeUndefined()
  })

  it('come with the merged pull requests that brought them, and what people said of those', async () => {
    const { state } = hub.github
    state.users.add({ login: 'ana', role: 'write' })
    state.users.add({ login: 'zoe', role: 'write' })
    state.users.add({ login: 'passer-by', role: 'read' })
    state.users.add({ login: 'rosa', email: 'rosa@example.com', role: 'write' })
    const branch = { head: { ref: 'x', sha: head }, base: { ref: 'main', sha: first }, author: 'ana' }
    const merged = state.pulls.add({
      ...branch,
      title: 'Faster',
      merged: { by: 'ana', sha: head },
      reviews: [
        { author: 'zoe', state: 'CHANGES_REQUESTED' },
        { author: 'zoe', state: 'APPROVED', commit: first },
        { author: 'zoe', state: 'COMMENTED' },
        { author: 'passer-by', state: 'APPROVED' },
        { author: 'rosa', state: 'DISMISSED' },
      ],
    })
    state.pulls.add({ ...branch, title: 'Still open' })
    const { number } = merged.issue
    expect(await forge.origins([first, head, 'f'.repeat(40)], signal)).toEqual([
      { commit: first, author: 'rosa', pulls: [] },
      {
        commit: head,
        author: 'rosa',
        pulls: [
          {
            number,
            title: 'Faster',
            url: `${hub.github.url}/acme/kafka-pipeline/pull/${number}`,
            author: 'ana',
            head,
            reviews: [
              { by: 'zoe', state: 'approved', commit: first },
              { by: 'rosa', state: 'dismissed', commit: head },
            ],
          },
        ],
      },
    ])
  })

  it(
    'ask for the origins of fifty commits at once',
    async () => {
      const before = hub.github.requests.length
      const found = await forge.origins(Array<string>(101).fill(head), signal)
      expect(found).toHaveLength(101)
      expect(hub.github.requests.length - before).toBe(3)
      expect(await forge.origins([], signal)).toEqual([])
    },
    testTimeoutMs,
  )

  it('name the permission that is missing', async () => {
    await during('forbidden', { path: /\/graphql/ }, async () => {
      await expect(forge.origins([head], signal)).rejects.toMatchObject({
        message: expect.stringContaining('is not allowed: Resource not accessible by integration'),
        next: expect.stringContaining('permissions: pull-requests: read'),
      })
    })
    await during('forbidden', { path: /\/compare\// }, async () => {
      await expect(forge.commitsBetween(first, head, signal)).rejects.toMatchObject({
        next: expect.stringContaining('permissions: contents: read'),
      })
    })
  })
})

describe('checks', () => {
  it('are the check runs and statuses, those of the deploying workflow left out', async () => {
    const { state } = hub.github
    const run = (id: number, path = '.github/workflows/deploy.yml') =>
      state.runs.add({ id, path, headRef: 'v1.1.0', headSha: first, actor: 'github-actions[bot]' })
    const [blocked, own, ci] = [run(801), run(802), run(803, '.github/workflows/ci.yml')]
    const check = (name: string, more: Partial<NewCheckRun>) =>
      state.checks.addRun({ sha: first, name, ...more })
    check('Deploy / Preflight', { suiteId: blocked.suiteId, conclusion: 'failure' })
    check('Deploy / Preflight', { suiteId: own.suiteId })
    check('unit', { suiteId: ci.suiteId, conclusion: 'failure' })
    check('unit', { suiteId: ci.suiteId, conclusion: 'success' })
    check('e2e', { suiteId: ci.suiteId })
    check('lint', { conclusion: 'timed_out' })
    check('docs', { conclusion: 'skipped' })
    for (const [context, status] of [
      ['sonar', 'success'],
      ['legacy', 'pending'],
      ['scan', 'error'],
    ] as const)
      state.checks.addStatus({ sha: first, context, state: status })

    const found = await forge.checks(first, '802', signal)
    expect(Object.fromEntries(found.map(({ name, ...rest }) => [name, rest]))).toEqual({
      unit: { state: 'passed', detail: 'success' },
      e2e: { state: 'running', detail: 'in_progress' },
      lint: { state: 'failed', detail: 'timed_out' },
      docs: { state: 'not-run', detail: 'skipped' },
      sonar: { state: 'passed', detail: 'success' },
      legacy: { state: 'running', detail: 'pending' },
      scan: { state: 'failed', detail: 'error' },
    })
    expect(found).toHaveLength(7)
  })

  it('are read to their last page', async () => {
    const { state } = hub.github
    const sha = (await hub.show('rev-parse', 'main~1')).trim()
    for (let index = 0; index < 150; index += 1) {
      state.checks.addRun({ sha, name: `check ${index}`, conclusion: 'success' })
      state.checks.addStatus({ sha, context: `status ${index}`, state: 'success' })
    }
    expect(await forge.checks(sha, '802', signal)).toHaveLength(300)
  })

  it.each([
    [/\/check-runs/, 'checks: read'],
    [/\/status\b/, 'statuses: read'],
    [/\/actions\/runs/, 'actions: read'],
  ])('name the permission that %s needs', async (path, permission) => {
    await during('forbidden', { path }, async () => {
      await expect(forge.checks(first, '802', signal)).rejects.toMatchObject({
        next: expect.stringContaining(`permissions: ${permission}`),
      })
    })
  })
})

describe('incidents', () => {
  it('are the open issues with a label, pull requests left out', async () => {
    const { state } = hub.github
    const labels = ['incident']
    const open = state.issues.open({ title: 'Broker down', author: 'ana', labels })
    const closed = state.issues.open({ title: 'Disk full', author: 'ana', labels })
    state.issues.close(closed, 'ana')
    const branch = { head: { ref: 'x', sha: head }, base: { ref: 'main', sha: first } }
    state.pulls.add({ ...branch, title: 'About an incident', author: 'ana', labels })
    expect(await forge.openIssues('incident', signal)).toEqual([
      {
        number: open.number,
        title: 'Broker down',
        url: `${hub.github.url}/acme/kafka-pipeline/issues/${open.number}`,
        openedAt: new Date(open.createdAt),
      },
    ])
    expect(await forge.openIssues('outage', signal)).toEqual([])
  })

  it('name the permission that is missing', async () => {
    await during('forbidden', { path: /\/issues/ }, async () => {
      await expect(forge.openIssues('incident', signal)).rejects.toMatchObject({
        next: expect.stringContaining('permissions: issues: read'),
      })
    })
  })
})

describe('who edited a ticket', () => {
  it(
    'is told with what it said, oldest first; a workflow is no person',
    async () => {
      const { number } = await forge.openTicket(key, textOf({ body: 'one' }), signal)
      expect(await forge.ticketVersions(number, signal)).toEqual([])
      const issue = hub.github.state.issues.find(number)!
      hub.github.state.issues.update(issue, { body: 'two' }, 'ana')
      await forge.updateTicket(number, textOf({ body: 'three' }), signal)
      const versions = await forge.ticketVersions(number, signal)
      expect(versions.map(({ body, by, isPerson }) => [body, by, isPerson])).toEqual([
        ['one', 'github-actions', false],
        ['two', 'ana', true],
        ['three', 'github-actions', false],
      ])
      for (let index = 0; index < 120; index += 1)
        hub.github.state.issues.update(issue, { body: `edit ${index}` }, 'ana')
      expect(await forge.ticketVersions(number, signal)).toHaveLength(123)
    },
    testTimeoutMs,
  )

  it('names the permission that is missing', async () => {
    await during('forbidden', { path: /\/graphql/ }, async () => {
      await expect(forge.ticketVersions(1, signal)).rejects.toMatchObject({
        next: expect.stringContaining('permissions: issues: read'),
      })
    })
    await expect(forge.ticketVersions(999_999, signal)).rejects.toThrow('not found, or hidden')
  })
})

describe('the deployment log', () => {
  const entry = (name: string) => ({
    line: `Deployed ${name}, record ${name}`,
    key: `record ${name}`,
    file: { path: `records/${name}.json`, content: `{"name":"${name}"}\n` },
  })
  const log = () => hub.show('show', 'deployment-log:deployment-log.txt')

  it(
    'takes appends at the same time, each once, with its file',
    async () => {
      const names = ['a', 'b', 'c', 'd', 'e']
      await Promise.all(names.map((name) => forge.appendLog(entry(name), signal)))
      const lines = (await log()).trim().split('\n')
      expect([...lines].sort()).toEqual(names.map((name) => entry(name).line))
      for (const name of names) {
        expect(await hub.show('show', `deployment-log:records/${name}.json`)).toBe(entry(name).file.content)
      }
      expect((await hub.show('rev-list', '--count', 'deployment-log')).trim()).toBe('5')
    },
    testTimeoutMs,
  )

  it('adds nothing twice', async () => {
    const { commit } = await forge.appendLog(entry('again'), signal)
    expect(await forge.appendLog(entry('again'), signal)).toEqual({ added: false, commit })
    expect((await log()).match(/record again/g)).toHaveLength(1)
  })

  it('has no history in common with the code', async () => {
    await forge.appendLog(entry('apart'), signal)
    await expect(hub.show('merge-base', 'main', 'deployment-log')).rejects.toThrow()
  })

  it('names the permission that is missing', async () => {
    await during('forbidden', { method: 'POST', path: /\/git\// }, async () => {
      await expect(forge.appendLog(entry('refused'), signal)).rejects.toMatchObject({
        next: expect.stringContaining('permissions: contents: write'),
      })
    })
  })
})

describe('tags', () => {
  const tag = (name: string, commit: string) => ({
    name,
    commit,
    message: `Production deployment ${name}\n\nBy: ana`,
  })

  it('are annotated, and making one again is success', async () => {
    expect(await forge.createTag(tag('v1-prod', head), signal)).toBe('created')
    expect(await forge.createTag(tag('v1-prod', head), signal)).toBe('exists')
    expect((await hub.show('cat-file', '-t', 'v1-prod')).trim()).toBe('tag')
    expect(await hub.show('tag', '-l', '--format=%(contents)', 'v1-prod')).toContain('By: ana')
    expect(await forge.tagCommit('v1-prod', signal)).toBe(head)
  })

  it('on another commit are refused, and stay where they are', async () => {
    await forge.createTag(tag('v2-prod', first), signal)
    await expect(forge.createTag(tag('v2-prod', head), signal)).rejects.toThrow(
      `The tag v2-prod exists already and points at ${first}, not at the deployed commit ${head}.`,
    )
    expect(await forge.tagCommit('v2-prod', signal)).toBe(first)
  })

  it('at the same time: one makes it, the other finds it', async () => {
    const ends = await Promise.all([1, 2].map(() => forge.createTag(tag('v3-prod', head), signal)))
    expect([...ends].sort()).toEqual(['created', 'exists'])
  })

  it('that are light name their commit too, and others are none', async () => {
    await hub.show('tag', 'light', first)
    expect(await forge.tagCommit('light', signal)).toBe(first)
    expect(await forge.tagCommit('absent', signal)).toBeUndefined()
  })

  it('name the permission that is missing', async () => {
    await during('forbidden', { method: 'POST', path: /\/git\/tags/ }, async () => {
      await expect(forge.createTag(tag('v4-prod', head), signal)).rejects.toMatchObject({
        message: expect.stringContaining('Creating the tag v4-prod is not allowed'),
        next: expect.stringContaining('permissions: contents: write'),
      })
    })
  })
})

describe('approvals', () => {
  it('are read with environment, person and comment', async () => {
    const { state } = hub.github
    state.users.add({ login: 'marc', role: 'maintain' })
    state.environments.set({ name: 'production-product-owner', reviewers: ['marc'] })
    state.runs.add({ id: 77, headRef: 'v1.1.0', headSha: head, actor: 'marc' })
    state.runs.review(77, {
      user: 'marc',
      environments: ['production-product-owner'],
      state: 'approved',
      comment: 'looks good',
    })
    expect(await forge.approvals('77', signal)).toEqual([
      { environment: 'production-product-owner', by: 'marc', state: 'approved', comment: 'looks good' },
    ])
  })

  it('name the permission that is missing', async () => {
    await during('forbidden', { path: /\/actions\// }, async () => {
      await expect(forge.approvals('77', signal)).rejects.toMatchObject({
        next: expect.stringContaining('permissions: actions: read'),
      })
    })
  })
})

describe('every request', () => {
  it('was as GitHub describes it', () => {
    expect(hub.github.violations).toEqual([])
    expect(hub.github.requests.length).toBeGreaterThan(50)
  })

  it(
    'waits for a server that comes back',
    async () => {
      await during('unavailable', { path: /\/git\/ref/, requests: 1 }, async () => {
        expect(await forge.tagCommit('absent', signal)).toBeUndefined()
      })
    },
    testTimeoutMs,
  )

  it('says that the rate limit is used up', async () => {
    await during('rate-limit', { path: /\/issues/ }, async () => {
      await expect(forge.findTicket(key, signal)).rejects.toThrow('rate limit is used up')
    })
  })
})
