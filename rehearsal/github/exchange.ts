import type { Contract } from './contract.ts'
import { ApiError, notFound, unprocessable } from './errors.ts'
import { answerQuery } from './graphql/answer.ts'
import type { Handler, RawAnswer, Request } from './operation.ts'
import type { Match } from './router.ts'
import { handlers } from './routes/table.ts'
import type { StandIn } from './stand-in.ts'
import { watchReads } from './unread.ts'

export interface Incoming {
  method: string
  /** The request target, as it stands in the request line. */
  target: string
  headers: Readonly<Record<string, string | string[] | undefined>>
  body: Buffer
}

export interface Outgoing {
  status: number
  headers: Record<string, string>
  body: Buffer
  /** The operation, where there is one. */
  operation: string | undefined
  /** What the request or the answer has against GitHub's description. */
  violations: string[]
}

interface Exchange {
  incoming: Incoming
  url: URL
  match: Match
  handler: Handler<unknown>
}

/** An answer of any operation; each handler's own type is stricter. */
type GivenAnswer = RawAnswer | { status: number; body?: unknown; headers?: Record<string, string> }
type Rendered = Pick<Outgoing, 'status' | 'headers' | 'body'>
type Report = (side: string, problems: readonly string[]) => void

/** How the log of requests calls a query. */
const graphQlOperation = 'POST /graphql'

const jsonType = 'application/json; charset=utf-8'

/** Answers one request and reports every departure from the contract, on either side. */
export async function answer(incoming: Incoming, contract: Contract, github: StandIn): Promise<Outgoing> {
  const url = URL.parse(incoming.target, github.links.root)
  if (incoming.method === 'POST' && url?.pathname === '/graphql') return answerGraphQl(incoming, github)
  const match = url === null ? undefined : contract.match(incoming.method, url.pathname)
  const handler = match === undefined ? undefined : handlers.get(match.key)
  if (url === null || match === undefined || handler === undefined) {
    const reason = match === undefined ? 'not in GitHub’s API' : 'not served by the stand-in'
    return {
      ...json(404, notFound()),
      operation: match?.key,
      violations: [`${incoming.method} ${incoming.target}: ${reason}`],
    }
  }
  const violations: string[] = []
  const report = (side: string, problems: readonly string[]): void => {
    violations.push(...problems.map((problem) => `${match.operation.operationId} ${side}: ${problem}`))
  }
  const outcome = await serve({ incoming, url, match, handler }, contract, github, report)
  return { ...outcome, operation: match.key, violations }
}

/** The other API: one address, described by a schema of its own. */
async function answerGraphQl(incoming: Incoming, github: StandIn): Promise<Outgoing> {
  const violations: string[] = []
  const report: Report = (side, problems) => {
    violations.push(...problems.map((problem) => `graphql ${side}: ${problem}`))
  }
  const answered = async (): Promise<Rendered> => {
    try {
      authenticate(incoming)
      return json(200, await answerQuery(parseBody(incoming.body, report) ?? {}, github, report))
    } catch (error) {
      if (error instanceof ApiError) return json(error.status, error)
      report('handler', [error instanceof Error ? String(error.stack) : String(error)])
      return json(500, new ApiError(500, 'Server Error'))
    }
  }
  return { ...(await answered()), operation: graphQlOperation, violations }
}

async function serve(
  exchange: Exchange,
  contract: Contract,
  github: StandIn,
  report: Report,
): Promise<Rendered> {
  try {
    const given = await perform(exchange, contract, github, report)
    if ('raw' in given) {
      return { status: given.status, headers: { 'content-type': given.contentType }, body: given.raw }
    }
    report('response', contract.response(exchange.match, given.status, given.body))
    return json(given.status, given.body, given.headers)
  } catch (error) {
    const refusal = error instanceof ApiError ? error : new ApiError(500, 'Server Error')
    if (refusal !== error) report('handler', [error instanceof Error ? String(error.stack) : String(error)])
    report('response', contract.response(exchange.match, refusal.status, refusal.toJSON()))
    return json(refusal.status, refusal)
  }
}

async function perform(
  { incoming, url, match, handler }: Exchange,
  contract: Contract,
  github: StandIn,
  report: Report,
): Promise<GivenAnswer> {
  const token = authenticate(incoming)
  const sent = incoming.method === 'GET' ? undefined : parseBody(incoming.body, report)
  const { problems, path, query } = contract.request(match, url.searchParams, sent)
  report('request', problems)
  if (problems.length > 0) throw refuse(problems)
  requireRepository(match, github)

  const [watchedQuery, watchedBody] = [watchReads(query), watchReads(sent)]
  const format = acceptedFormat(incoming.headers.accept)
  const actor = github.state.users.byToken(token).login
  const request = { path, query: watchedQuery.values, body: watchedBody.values, url, format, actor }
  const given = (await handler(request as Request, github)) as GivenAnswer
  report('request', [
    ...watchedQuery.unread().map((name) => `the stand-in does not serve the query parameter "${name}"`),
    ...watchedBody.unread().map((name) => `the stand-in does not serve the property "${name}" of the body`),
    ...(format === 'json' || 'raw' in given
      ? []
      : [`the stand-in does not serve the media type "${format}"`]),
  ])
  return given
}

/** The token. Reading is open to everybody, as in a public repository; writing needs one, any. */
function authenticate({ method, headers }: Incoming): string | undefined {
  if (headers['user-agent'] === undefined) {
    throw new ApiError(
      403,
      'Request forbidden by administrative rules. Please make sure your request has a User-Agent header.',
    )
  }
  const [, token] = /^(?:token|bearer) +(\S+)$/i.exec(String(headers.authorization ?? '')) ?? []
  if (method !== 'GET' && token === undefined) throw new ApiError(401, 'Requires authentication')
  return token
}

function parseBody(body: Buffer, report: Report): unknown {
  if (body.length === 0) return undefined
  let value: unknown
  try {
    value = JSON.parse(body.toString())
  } catch (error) {
    report('request', [`the body is no JSON: ${error instanceof Error ? error.message : String(error)}`])
    throw new ApiError(400, 'Problems parsing JSON')
  }
  if (typeof value === 'object' && value !== null) return value
  report('request', ['the body is JSON, but no object'])
  throw new ApiError(400, 'Body should be a JSON object')
}

/** A path parameter of the wrong type names nothing; anything else is invalid. */
function refuse(problems: readonly string[]): ApiError {
  if (problems.some((problem) => problem.startsWith('path'))) return notFound()
  return unprocessable(`Invalid request.\n\n${problems.join('\n')}`)
}

function requireRepository({ params }: Match, { links }: StandIn): void {
  const isSame = (one: string | undefined, other: string): boolean =>
    one === undefined || one.toLowerCase() === other.toLowerCase()
  if (!isSame(params.owner, links.owner) || !isSame(params.repo, links.repo)) throw notFound()
}

/** GitHub's media types say the form between the vendor and `+json`: `application/vnd.github.raw+json`. */
function acceptedFormat(accept: string | string[] | undefined): string {
  const [, format] = /application\/vnd\.github(?:\.v3)?\.([a-z]+)(?![a-z\d])/.exec(String(accept ?? '')) ?? []
  return format ?? 'json'
}

function json(status: number, body: unknown, headers: Record<string, string> = {}): Rendered {
  if (body === undefined) return { status, headers, body: Buffer.alloc(0) }
  return {
    status,
    headers: { 'content-type': jsonType, ...headers },
    body: Buffer.from(JSON.stringify(body)),
  }
}
