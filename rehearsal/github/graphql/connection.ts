import { Refused } from './refused.ts'

/** The arguments by which GitHub cuts a list into pages; the stand-in goes forward only. */
export interface PageArguments {
  first?: number | null
  after?: string | null
}

const maxPageSize = 100

/** A page of a list as GitHub's GraphQL serves it: with `first`, of at most 100. */
export function connection<T>(name: string, items: readonly T[], { first, after }: PageArguments) {
  if (first === undefined || first === null) {
    throw new Refused(
      'MISSING_PAGINATION_BOUNDARIES',
      `You must provide a \`first\` or \`last\` value to properly paginate the \`${name}\` connection.`,
    )
  }
  if (first < 1 || first > maxPageSize) {
    throw new Refused(
      'EXCESSIVE_PAGINATION',
      `Requesting ${String(first)} records on the \`${name}\` connection exceeds the \`first\` limit of 100 records.`,
    )
  }
  const begin = after === undefined || after === null ? 0 : Number(Buffer.from(after, 'base64').toString())
  const end = Math.min(begin + first, items.length)
  return {
    nodes: items.slice(begin, end),
    totalCount: items.length,
    pageInfo: {
      hasNextPage: end < items.length,
      endCursor: end === begin ? null : Buffer.from(String(end)).toString('base64'),
    },
  }
}
