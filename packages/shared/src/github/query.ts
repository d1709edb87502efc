import type * as z from 'zod'
import type { Repository } from './octokit.ts'

/**
 * Asks the repository by GraphQL, for what would take many requests otherwise or cannot be asked at all.
 *
 * @param declared the variables beside `$owner` and `$name`, as GraphQL declares them
 * @param fields what is asked of the repository
 * @throws where the answer is not of the shape
 */
export async function askRepository<Shape extends z.ZodType>(
  { octokit, owner, repo }: Repository,
  {
    declared,
    fields,
    fragments = '',
    shape,
  }: { declared: string; fields: string; fragments?: string; shape: Shape },
  variables: Readonly<Record<string, string | number | null>>,
  signal: AbortSignal,
): Promise<z.output<Shape>> {
  const query = `query($owner: String!, $name: String!, ${declared}) { repository(owner: $owner, name: $name) { ${fields} } } ${fragments}`
  const answer = await octokit.graphql<{ repository: unknown }>(query, {
    owner,
    name: repo,
    ...variables,
    request: { signal },
  })
  return shape.parse(answer.repository)
}
