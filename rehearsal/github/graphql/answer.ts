import {
  execute,
  GraphQLError,
  parse,
  validate,
  type GraphQLFieldResolver,
  type GraphQLSchema,
} from 'graphql'
import type { StandIn } from '../stand-in.ts'
import { watchReads } from '../unread.ts'
import { Refused } from './refused.ts'
import { query } from './repository.ts'
import { githubSchema } from './schema.ts'

/** What GitHub's GraphQL answers, always with status 200. */
export interface GraphQLAnswer {
  data?: unknown
  errors?: object[]
}

type Report = (side: string, problems: readonly string[]) => void

/**
 * Answers one query. It is checked against GitHub's published schema, and so is the answer: the schema decides what may
 * be null, and of which type a value is. A field or an argument that the stand-in does not serve is reported.
 */
export async function answerQuery(sent: unknown, github: StandIn, report: Report): Promise<GraphQLAnswer> {
  const { query: source, variables } = sent as { query?: unknown; variables?: Record<string, unknown> }
  if (typeof source !== 'string') {
    report('request', ['there is no query'])
    return { errors: [{ message: 'A query attribute must be specified and must be a string.' }] }
  }
  const schema = await githubSchema()
  const problems = problemsOf(schema, source)
  if (problems.length > 0) {
    report('request', problems)
    return { errors: problems.map((message) => ({ message })) }
  }
  const { data, errors = [] } = await execute({
    schema,
    document: parse(source),
    rootValue: query(github),
    variableValues: variables ?? {},
    fieldResolver: servedField(report),
  })
  const unexpected = errors.filter(({ originalError }) => !(originalError instanceof Refused))
  report(
    'handler',
    unexpected.map((error) => error.toString()),
  )
  return { data, ...(errors.length > 0 && { errors: errors.map(errorJson) }) }
}

function problemsOf(schema: GraphQLSchema, source: string): string[] {
  try {
    return validate(schema, parse(source)).map(({ message }) => message)
  } catch (error) {
    if (error instanceof GraphQLError) return [error.message]
    throw error
  }
}

/** A property of the source is the field's value, or the function that finds it. */
function servedField(report: Report): GraphQLFieldResolver<unknown, unknown> {
  return async (source, args, _context, { fieldName, fieldNodes, parentType }) => {
    const value = (source as Record<string, unknown>)[fieldName]
    const field = `${parentType.name}.${fieldName}`
    if (value === undefined) throw new Error(`the stand-in does not serve ${field}`)
    if (typeof value !== 'function') return value
    const { values, unread } = watchReads(args)
    const result: unknown = await (value as (given: unknown) => unknown)(values)
    // The schema's defaults are among the arguments: only what the query says counts.
    const given = fieldNodes.flatMap((node) => node.arguments ?? []).map(({ name }) => name.value)
    const ignored = unread().filter((name) => given.includes(name))
    report(
      'request',
      ignored.map((name) => `the stand-in does not serve the argument "${name}" of ${field}`),
    )
    return result
  }
}

/** GitHub says the type of a refusal beside its message. */
function errorJson({ message, path, originalError }: GraphQLError): object {
  return { ...(originalError instanceof Refused && { type: originalError.type }), path, message }
}
