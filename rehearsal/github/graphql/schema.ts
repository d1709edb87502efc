import { buildSchema, type GraphQLSchema } from 'graphql'

let loaded: Promise<GraphQLSchema> | undefined

/** GitHub's published description of its GraphQL API, read once per process and only where it is needed: 1 s. */
export function githubSchema(): Promise<GraphQLSchema> {
  loaded ??= read()
  return loaded
}

async function read(): Promise<GraphQLSchema> {
  const { schema } = await import('@octokit/graphql-schema')
  return buildSchema(schema.idl, { assumeValidSDL: true, noLocation: true })
}
