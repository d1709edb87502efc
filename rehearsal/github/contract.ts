import { Ajv } from 'ajv'
import type { ErrorObject, ValidateFunction } from 'ajv'
import addFormats from 'ajv-formats'
import { OpenApi } from './openapi.ts'
import type { Content, Operation, Parameter, RequestBody } from './openapi.ts'
import { Router } from './router.ts'
import type { Match, Route } from './router.ts'
import { mapReferences, toJsonSchema } from './schema.ts'
import type { Json, JsonObject } from './schema.ts'

export interface CheckedRequest {
  problems: string[]
  /** Path and query parameters, numbers and booleans as such. */
  path: Record<string, unknown>
  query: Record<string, unknown>
}

/** Errors that GitHub gives on any operation, whether or not the operation's description lists them. */
const errorStatuses = new Set([400, 401, 403, 404, 409, 410, 422, 429, 500, 503])
/** GitHub gives an empty text where an address was never set, e.g. as `target_url` of a deployment status. */
const uri = (text: string): boolean => text === '' || URL.canParse(text)
const settings = { strict: false, allErrors: true, validateSchema: false, logger: false } as const

let loaded: Contract | undefined

/** GitHub's published description, read once per process. */
export function githubContract(): Contract {
  loaded ??= new Contract(OpenApi.read())
  return loaded
}

/** Checks requests and responses against their operation. Schemas compile on first use, about 20 ms each. */
export class Contract {
  readonly #openApi: OpenApi
  readonly #router: Router
  readonly #bodies = withFormats(new Ajv(settings))
  readonly #parameters = withFormats(new Ajv({ ...settings, coerceTypes: 'array' }))
  readonly #validators = new Map<string, ValidateFunction>()

  constructor(openApi: OpenApi) {
    this.#openApi = openApi
    this.#router = new Router(openApi)
  }

  /** The operation that a request means, `undefined` if GitHub's API has none. */
  match(method: string, pathname: string): Match | undefined {
    return this.#router.match(method, pathname)
  }

  /** What is wrong with a request, and its parameters in their types. */
  request({ key, operation, params }: Match, searchParams: URLSearchParams, body: unknown): CheckedRequest {
    const parameters = this.#openApi.parameters(operation)
    const path: Record<string, unknown> = { ...params }
    const query: Record<string, unknown> = Object.fromEntries(searchParams)
    const check = (place: Parameter['in'], values: Record<string, unknown>): string[] => {
      const schema = parametersSchema(parameters.filter((parameter) => parameter.in === place))
      return problems(place, this.#validator(`${key} ${place}`, schema, this.#parameters, true), values)
    }
    const found = [...check('path', path), ...check('query', query), ...this.#body(key, operation, body)]
    return { problems: found, path, query }
  }

  /** What is wrong with a response. */
  response({ key, operation }: Route, status: number, body: unknown): string[] {
    if (status >= 400) return this.#error(status, body)
    const described = operation.responses[String(status)]
    if (described === undefined) {
      return [`status ${String(status)} is not one of ${Object.keys(operation.responses).join(', ')}`]
    }
    const schema = jsonSchema(this.#openApi.resolve<Content>(described))
    if (schema === undefined) return body === undefined ? [] : [`status ${String(status)} has no body`]
    const validator = this.#validator(`${key} ${String(status)}`, schema, this.#bodies, false)
    return problems('response', validator, body)
  }

  #body(key: string, operation: Operation, body: unknown): string[] {
    if (operation.requestBody === undefined) return body === undefined ? [] : ['the operation takes no body']
    const requestBody = this.#openApi.resolve<RequestBody>(operation.requestBody)
    const schema = jsonSchema(requestBody)
    if (schema === undefined || (body === undefined && requestBody.required !== true)) return []
    return problems('body', this.#validator(`${key} body`, schema, this.#bodies, true), body)
  }

  /** An operation's own description of its errors is incomplete, and in places cannot be met; GitHub's two forms can. */
  #error(status: number, body: unknown): string[] {
    if (!errorStatuses.has(status)) return [`status ${String(status)} is not an error that GitHub gives`]
    const name = status === 422 ? 'validation-error' : 'basic-error'
    const form = { $ref: `#/components/schemas/${name}` }
    const schema = { allOf: [form, { type: 'object', required: ['message', 'documentation_url'] }] }
    return problems('response', this.#validator(name, schema, this.#bodies, false), body)
  }

  /** Compiles one schema with just the components that it reaches: the whole document would take minutes. */
  #validator(key: string, schema: Json, ajv: Ajv, closed: boolean): ValidateFunction {
    const known = this.#validators.get(key)
    if (known !== undefined) return known
    const definitions: JsonObject = {}
    const include = (reference: string): string => {
      const name = reference.split('/').slice(2).join('.')
      if (!(name in definitions)) {
        definitions[name] = true // taken before its content is read: components refer to each other in circles
        definitions[name] = mapReferences(toJsonSchema(this.#openApi.at(reference), closed), include)
      }
      return `#/definitions/${name}`
    }
    const root = mapReferences(toJsonSchema(schema, closed), include)
    const validator = ajv.compile({ allOf: [root], definitions })
    this.#validators.set(key, validator)
    return validator
  }
}

function withFormats(ajv: Ajv): Ajv {
  addFormats(ajv)
  ajv.addFormat('uri', uri)
  return ajv
}

function parametersSchema(parameters: Parameter[]): JsonObject {
  const required = parameters.filter((parameter) => parameter.required === true)
  return {
    type: 'object',
    additionalProperties: false,
    required: required.map(({ name }) => name),
    properties: Object.fromEntries(parameters.map(({ name, schema }) => [name, textSchema(schema)])),
  }
}

/** Parameters arrive as text. Converted, a digit would fit both sides of "a number or text", and so none. */
function textSchema(schema: JsonObject): JsonObject {
  return 'oneOf' in schema ? { type: 'string' } : schema
}

function jsonSchema({ content }: Content): Json | undefined {
  return content?.['application/json']?.schema
}

function problems(place: string, validate: ValidateFunction, value: unknown): string[] {
  return validate(value) ? [] : (validate.errors ?? []).map((error) => `${place}${describe(error)}`)
}

function describe({ instancePath, message = 'is not valid', params }: ErrorObject): string {
  return `${instancePath} ${message} ${JSON.stringify(params)}`
}
