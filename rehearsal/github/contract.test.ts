import { describe, expect, it } from '@jest/globals'
import { githubContract } from './contract.ts'
import { OpenApi } from './openapi.ts'
import type { Content } from './openapi.ts'
import type { Match } from './router.ts'
import { handlers } from './routes/table.ts'

const contract = githubContract()
const none = new URLSearchParams()

function match(method: string, path: string): Match {
  const found = contract.match(method, path)
  if (found === undefined) throw new Error(`no operation for ${method} ${path}`)
  return found
}

describe('finding the operation of a request', () => {
  it.each([
    ['GET', '/repos/a/b/git/ref/tags%2Fv1', 'git/get-ref', { ref: 'tags/v1' }],
    ['GET', '/repos/a/b/git/ref/tags/v1', 'git/get-ref', { ref: 'tags/v1' }],
    ['GET', '/repos/a/b/contents/', 'repos/get-content', { path: '' }],
    ['GET', '/repos/a/b/contents', 'repos/get-content', { path: '' }],
    ['GET', '/repos/a/b/commits', 'repos/list-commits', {}],
    ['GET', '/repos/a/b/contents/k8s/app.yaml', 'repos/get-content', { path: 'k8s/app.yaml' }],
    ['PATCH', '/repos/a/b/issues/comments/7', 'issues/update-comment', { comment_id: '7' }],
    ['GET', '/repos/a/b/commits/heads/x/check-runs', 'checks/list-for-ref', { ref: 'heads/x' }],
    ['GET', '/repos/a/b/compare/v1...v2', 'repos/compare-commits-with-basehead', { basehead: 'v1...v2' }],
  ])('%s %s', (method, path, operationId, params) => {
    const found = match(method, path)
    expect(found.operation.operationId).toBe(operationId)
    expect(found.params).toMatchObject(params)
  })

  it.each([
    ['GET', '/no/such/thing'],
    ['PUT', '/repos/a/b/git/refs'],
    ['GET', '/repos/a/b/issues/%zz'],
    ['GET', '/repos/a/b/'],
  ])('finds none for %s %s', (method, path) => {
    expect(contract.match(method, path)).toBeUndefined()
  })
})

describe('checking a request', () => {
  it('gives path and query parameters their types', () => {
    const query = new URLSearchParams('per_page=50&filter=all')
    const {
      problems,
      path,
      query: typed,
    } = contract.request(match('GET', '/repos/a/b/actions/runs/4711/jobs'), query, undefined)
    expect(problems).toEqual([])
    expect(path).toMatchObject({ run_id: 4711 })
    expect(typed).toEqual({ per_page: 50, filter: 'all' })
  })

  it('takes a workflow by number and by file name', () => {
    for (const workflow of ['501', 'deploy.yml']) {
      const dispatch = match('POST', `/repos/a/b/actions/workflows/${workflow}/dispatches`)
      expect(contract.request(dispatch, none, { ref: 'main' }).problems).toEqual([])
    }
  })

  it('reports what is missing, misspelt and of the wrong type, also inside an object', () => {
    const { problems } = contract.request(match('POST', '/repos/a/b/git/tags'), none, {
      tag: 1,
      messages: 'misspelt',
      object: 'x',
      type: 'branch',
      tagger: { name: 'rosa', email: 'rosa@example.com', time: 'now' },
    })
    expect(problems).toEqual([
      expect.stringContaining("body must have required property 'message'"),
      expect.stringContaining('"additionalProperty":"messages"'),
      expect.stringContaining('body/tag must be string'),
      expect.stringContaining('body/type must be equal to one of the allowed values'),
      expect.stringContaining('"additionalProperty":"time"'),
    ])
  })

  it('reports unknown and wrong query parameters, a missing body, and a body where there is none', () => {
    const list = match('GET', '/repos/a/b/issues')
    expect(
      contract.request(list, new URLSearchParams('stat=open&state=half'), undefined).problems,
    ).toHaveLength(2)
    expect(contract.request(match('POST', '/repos/a/b/git/blobs'), none, undefined).problems).toHaveLength(1)
    expect(contract.request(match('DELETE', '/repos/a/b/git/refs/x'), none, {}).problems).toHaveLength(1)
  })

  it('reports a path parameter that is no number', () => {
    const { problems } = contract.request(match('GET', '/repos/a/b/issues/undefined'), none, undefined)
    expect(problems).toEqual([expect.stringContaining('path/issue_number must be integer')])
  })
})

describe('checking a response', () => {
  const blob = match('POST', '/repos/a/b/git/blobs')

  it('wants the documented status and shape', () => {
    expect(contract.response(blob, 201, { sha: 'x', url: 'y' })).toEqual([])
    expect(contract.response(blob, 201, { sha: 'x' })).toHaveLength(1)
    expect(contract.response(blob, 200, { sha: 'x', url: 'y' })).toEqual([
      expect.stringContaining('status 200 is not one of'),
    ])
    expect(contract.response(match('DELETE', '/repos/a/b/git/refs/x'), 204, {})).toEqual([
      'status 204 has no body',
    ])
  })

  it('wants null where GitHub says null and nowhere else', () => {
    const label = {
      id: 1,
      node_id: 'n',
      url: 'http://127.0.0.1/',
      name: 'x',
      color: 'ededed',
      default: false,
    }
    const get = match('GET', '/repos/a/b/labels/x')
    expect(contract.response(get, 200, { ...label, description: null })).toEqual([])
    expect(contract.response(get, 200, { ...label, description: null, color: null })).toHaveLength(1)
  })

  it('wants GitHub’s form of an error, and a status that GitHub gives', () => {
    const form = { message: 'Not Found', documentation_url: 'https://docs.github.com/rest', status: '404' }
    expect(contract.response(blob, 404, form)).toEqual([])
    expect(contract.response(blob, 404, { error: 'not found' })).not.toEqual([])
    expect(contract.response(blob, 422, { ...form, errors: ['no'] })).not.toEqual([])
    expect(contract.response(blob, 418, form)).not.toEqual([])
  })
})

describe('GitHub’s own examples', () => {
  /** Operations whose examples lack properties that their schemas require. */
  const incomplete = [
    'actions/get-pending-deployments-for-run',
    'actions/list-jobs-for-workflow-run',
    'issues/get',
    'pulls/get',
    'pulls/list',
    'repos/get',
    'repos/get-collaborator-permission-level',
    'repos/get-commit',
    'repos/list-branches',
    'repos/list-pull-requests-associated-with-commit',
  ]
  const openApi = OpenApi.read()

  const examples = openApi
    .operations()
    .filter(({ method, path }) => handlers.has(`${method} ${path}`))
    .flatMap(({ method, path, operation }) =>
      Object.entries(operation.responses)
        .filter(([status]) => status.startsWith('2'))
        .flatMap(([status, response]) =>
          exampleValues(openApi, openApi.resolve<Content>(response)).map((value) => ({
            id: operation.operationId,
            problems: () => contract.response({ key: `${method} ${path}`, operation }, Number(status), value),
          })),
        ),
    )

  it('are many', () => {
    expect(examples.length).toBeGreaterThan(50)
  })

  it.each(examples)('$id', ({ id, problems }) => {
    const found = problems()
    expect(found.length > 0).toBe(incomplete.includes(id))
    expect(found.filter((problem) => !/must (have required property|match a schema)/.test(problem))).toEqual(
      [],
    )
  })
})

function exampleValues(openApi: OpenApi, { content }: Content): unknown[] {
  const { examples = {} } = (content?.['application/json'] ?? {}) as { examples?: Record<string, object> }
  return Object.values(examples).map((example) => (openApi.resolve(example) as { value: unknown }).value)
}
