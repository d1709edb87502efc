import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals'
import { startTestGitHub, testTimeoutMs } from '../testing.ts'
import type { TestGitHub } from '../testing.ts'

jest.setTimeout(testTimeoutMs)

let hub: TestGitHub
let now = Date.parse('2026-11-23T14:00:00Z')

beforeAll(async () => {
  hub = await startTestGitHub(undefined, { now: () => new Date(now) })
  hub.github.state.users.add({ login: 'rosa', role: 'write' })
  hub.github.state.users.add({ login: 'guest' })
})
afterAll(() => hub.stop())
afterEach(() => {
  expect(hub.github.violations.splice(0)).toEqual([])
})

async function list(parameters: object): Promise<string[]> {
  const { data } = await hub.octokit.rest.issues.listForRepo({ ...hub.at, ...parameters })
  return data.map(({ title }) => title)
}

describe('a ticket', () => {
  it('is opened, commented, labelled, closed and opened again', async () => {
    const { issues } = hub.octokit.rest
    const { data: opened } = await issues.create({
      ...hub.at,
      title: 'Deploy v1.2.3',
      body: '# Plan',
      labels: ['deployment', { name: 'minor' }],
      assignees: ['rosa'],
    })
    const at = { ...hub.at, issue_number: opened.number }
    expect(opened).toMatchObject({
      state: 'open',
      user: { login: 'github-actions[bot]' },
      assignees: [{ login: 'rosa' }],
    })
    const { data: comment } = await issues.createComment({ ...at, body: 'started' })
    now += 60_000
    await issues.updateComment({ ...hub.at, comment_id: comment.id, body: 'done' })
    const { data: comments } = await issues.listComments(at)
    expect(comments).toMatchObject([{ body: 'done', updated_at: '2026-11-23T14:01:00Z' }])
    expect((await issues.listComments({ ...at, since: '2026-11-23T14:02:00Z' })).data).toEqual([])
    await issues.addLabels({ ...at, labels: ['held', 'Deployment'] })
    const { data: labels } = await issues.removeLabel({ ...at, name: 'minor' })
    expect(labels.map(({ name }) => name)).toEqual(['deployment', 'held'])
    await issues.update({
      ...at,
      title: 'Deployed v1.2.3',
      body: null,
      state: 'closed',
      state_reason: 'completed',
    })
    const { data: closed } = await issues.get(at)
    expect(closed).toMatchObject({
      state: 'closed',
      closed_at: '2026-11-23T14:01:00Z',
      comments: 1,
      body: null,
    })
    const { data: reopened } = await issues.update({ ...at, state: 'open', labels: ['held'], assignees: [] })
    expect(reopened).toMatchObject({
      state: 'open',
      state_reason: 'reopened',
      closed_at: null,
      assignees: [],
    })

    const { data: events } = await issues.listEvents(at)
    expect(events.map(({ event }) => event)).toEqual([
      ...['labeled', 'labeled', 'labeled', 'unlabeled'],
      ...['renamed', 'closed', 'unlabeled', 'reopened'],
    ])
  })

  it('shows what people say on it', async () => {
    const { state } = hub.github
    const ticket = state.issues.open({ title: 'Approval', author: 'github-actions[bot]' })
    state.issues.comment(ticket, '/approve sha256:abc', 'rosa')
    const { data } = await hub.octokit.rest.issues.listComments({ ...hub.at, issue_number: ticket.number })
    expect(data).toMatchObject([
      { body: '/approve sha256:abc', user: { login: 'rosa' }, author_association: 'COLLABORATOR' },
    ])
  })

  it('is refused with GitHub’s reasons', async () => {
    const { issues } = hub.octokit.rest
    const create = (fields: object): Promise<unknown> => issues.create({ ...hub.at, title: 't', ...fields })
    const reason = (field: string): object => ({
      status: 422,
      response: { data: { message: 'Validation Failed', errors: [expect.objectContaining({ field })] } },
    })
    await expect(create({ body: 'x'.repeat(65_537) })).rejects.toMatchObject(reason('body'))
    await expect(create({ title: ' ' })).rejects.toMatchObject(reason('title'))
    await expect(create({ assignees: ['guest'] })).rejects.toMatchObject(reason('assignees'))
    await create({ body: 'x'.repeat(65_536) })
    await expect(issues.get({ ...hub.at, issue_number: 999 })).rejects.toMatchObject({ status: 404 })
    await expect(issues.createComment({ ...hub.at, issue_number: 999, body: 'x' })).rejects.toMatchObject({
      status: 404,
    })
    await expect(issues.createComment({ ...hub.at, issue_number: 1, body: '' })).rejects.toMatchObject({
      status: 422,
    })
    await expect(issues.updateComment({ ...hub.at, comment_id: 999_999, body: 'x' })).rejects.toMatchObject({
      status: 404,
    })
    await expect(issues.removeLabel({ ...hub.at, issue_number: 1, name: 'none' })).rejects.toThrow(
      'Label does not exist',
    )
  })
})

describe('labels', () => {
  it('are created once, by hand or by use', async () => {
    const { issues } = hub.octokit.rest
    await issues.createLabel({
      ...hub.at,
      name: 'Incident',
      color: 'd73a4a',
      description: 'Something is broken',
    })
    await expect(issues.createLabel({ ...hub.at, name: 'incident' })).rejects.toMatchObject({
      response: { data: { errors: [{ resource: 'Label', field: 'name', code: 'already_exists' }] } },
    })
    await expect(issues.createLabel({ ...hub.at, name: 'x', color: '#fff' })).rejects.toMatchObject({
      status: 422,
    })
    expect((await issues.getLabel({ ...hub.at, name: 'INCIDENT' })).data).toMatchObject({ color: 'd73a4a' })
    await issues.create({ ...hub.at, title: 'uses it', labels: ['used'] })
    expect((await issues.getLabel({ ...hub.at, name: 'used' })).data).toMatchObject({ color: 'ededed' })
    await expect(issues.getLabel({ ...hub.at, name: 'none' })).rejects.toMatchObject({ status: 404 })
  })
})

describe('the list of issues', () => {
  it('finds open incidents', async () => {
    const { issues } = hub.github.state
    issues.open({ title: 'Broker down', author: 'rosa', labels: ['incident', 'kafka'] })
    const over = issues.open({ title: 'Over', author: 'rosa', labels: ['incident'] })
    issues.close(over, 'rosa')
    expect(await list({ labels: 'incident' })).toEqual(['Broker down'])
    expect(await list({ labels: 'incident,kafka', creator: 'rosa' })).toEqual(['Broker down'])
    expect(await list({ labels: 'incident', state: 'all' })).toEqual(['Over', 'Broker down'])
    expect(await list({ labels: 'incident', state: 'closed', direction: 'asc' })).toEqual(['Over'])
    expect(await list({ labels: 'incident', creator: 'ivan' })).toEqual([])
    expect(await list({ labels: 'incident', assignee: '*' })).toEqual([])
    expect(await list({ labels: 'incident', assignee: 'none' })).toEqual(['Broker down'])
  })

  it('comes by update, and in pages that follow each other', async () => {
    const { issues } = hub.github.state
    for (let index = 0; index < 65; index += 1) {
      issues.open({ title: `Bulk ${String(index)}`, author: 'rosa', labels: ['bulk'] })
    }
    now += 60_000
    const touched = issues.list().find(({ title }) => title === 'Bulk 7')
    if (touched === undefined) throw new Error('no issue')
    issues.comment(touched, 'again', 'rosa')
    const bulk = { ...hub.at, labels: 'bulk' }
    expect((await list({ ...bulk, sort: 'updated' }))[0]).toBe('Bulk 7')
    expect(await list({ ...bulk, since: new Date(now).toISOString() })).toEqual(['Bulk 7'])
    expect(await list(bulk)).toHaveLength(30)
    expect(await list({ ...bulk, page: 3 })).toHaveLength(5)
    expect(await list({ ...bulk, page: 4 })).toEqual([])
    expect(await list({ ...bulk, per_page: 1000 })).toHaveLength(65)
    const all = await hub.octokit.paginate(hub.octokit.rest.issues.listForRepo, { ...bulk, per_page: 20 })
    expect(new Set(all.map(({ number }) => number)).size).toBe(65)
    const { headers } = await hub.octokit.rest.issues.listForRepo({ ...bulk, page: 2 })
    expect(headers.link?.match(/rel="\w+"/g)).toEqual([
      'rel="prev"',
      'rel="first"',
      'rel="next"',
      'rel="last"',
    ])
  })
})
