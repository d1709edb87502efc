import type { components, paths } from '@octokit/openapi-types'
import type { StandIn } from './stand-in.ts'

/** A component of GitHub's published description, as a type. */
export type Schema<Name extends keyof components['schemas']> = components['schemas'][Name]

type Method = 'get' | 'post' | 'patch' | 'put' | 'delete'

/** Every operation of GitHub's API, `METHOD /path/{template}`. */
export type OperationKey = {
  [Path in keyof paths]: {
    [M in Method]: paths[Path] extends Record<M, object> ? `${Uppercase<M>} ${Path}` : never
  }[Method]
}[keyof paths]

type Operation<Key> = Key extends `${infer Verb} ${infer Path}`
  ? Path extends keyof paths
    ? Lowercase<Verb> extends keyof paths[Path]
      ? paths[Path][Lowercase<Verb>]
      : never
    : never
  : never

type Json<Content> = Content extends { content: { 'application/json': infer Body } } ? Body : undefined
type PathOf<Op> = Op extends { parameters: { path: infer Path } } ? Path : object
type QueryOf<Op> = Op extends { parameters: { query?: infer Query } } ? NonNullable<Query> : object
type BodyOf<Op> = Op extends { requestBody: infer Body }
  ? Json<Body>
  : Op extends { requestBody?: infer Body }
    ? Json<NonNullable<Body>> | undefined
    : undefined

/** A request that the contract has found to be in order. */
export interface Request<Op = unknown> {
  path: PathOf<Op>
  query: QueryOf<Op>
  body: BodyOf<Op>
  url: URL
  /** The form that the Accept header asks for: `json`, or another of GitHub's, e.g. `raw`. */
  format: string
  /** The login that the token acts as. */
  actor: string
}

type Success = 200 | 201 | 202 | 204

type JsonAnswer<Op> = Op extends { responses: infer Responses }
  ? {
      [Status in keyof Responses & Success]: {
        status: Status
        body: Json<Responses[Status]>
        headers?: Record<string, string>
      }
    }[keyof Responses & Success]
  : never

/** An answer that is not JSON, in the form that the request asked for. */
export interface RawAnswer {
  status: 200
  raw: Buffer
  contentType: string
}

export type Answer<Op = unknown> = JsonAnswer<Op> | RawAnswer

/** Carries out one operation. Throws `ApiError` for what GitHub would refuse. */
export type Handler<Op> = (request: Request<Op>, github: StandIn) => Answer<Op> | Promise<Answer<Op>>

/** The operations of one subject. Requests and answers are typed by GitHub's description of the key. */
export type Routes = { [Key in OperationKey]?: Handler<Operation<Key>> }
