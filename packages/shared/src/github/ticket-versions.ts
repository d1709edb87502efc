import * as z from 'zod'
import type { TicketVersion } from './forge.ts'
import { asking, type Repository } from './octokit.ts'
import { askRepository } from './query.ts'

/** So many hundreds of versions are read; what was ticked before them is told without who did it. */
const maxPages = 5

const versionSchema = z.object({
  editedAt: z.iso.datetime(),
  editor: z.object({ __typename: z.string(), login: z.string() }).nullable(),
  /** Called a summary of the changes; it is the whole text. Null where somebody deleted the version. */
  diff: z.string().nullable(),
})

const editsSchema = z.object({
  nodes: z.array(versionSchema),
  pageInfo: z.object({ hasNextPage: z.boolean(), endCursor: z.string().nullable() }),
})

type Edits = z.output<typeof editsSchema>

const shape = z.object({ issue: z.object({ userContentEdits: editsSchema.nullable() }) })

const fields = `issue(number: $number) { userContentEdits(first: 100, after: $after) {
  nodes { editedAt editor { __typename login } diff }
  pageInfo { hasNextPage endCursor }
} }`

/** What a ticket said since it was opened, oldest first; the edits of an issue are told by GraphQL alone. */
export async function ticketVersions(
  repository: Repository,
  number: number,
  signal: AbortSignal,
): Promise<readonly TicketVersion[]> {
  return asking(`Reading who edited the ticket #${number}`, 'issues: read', async () => {
    const newestFirst: TicketVersion[] = []
    let after: string | null = null
    for (let page = 0; page < maxPages; page += 1) {
      const asked = { declared: '$number: Int!, $after: String', fields, shape }
      const answer: z.output<typeof shape> = await askRepository(repository, asked, { number, after }, signal)
      const edits: Edits | null = answer.issue.userContentEdits
      newestFirst.push(...(edits?.nodes ?? []).flatMap(versionOf))
      if (edits?.pageInfo.hasNextPage !== true) break
      after = edits.pageInfo.endCursor
    }
    // Whatever order they came in; of one second, the later in the list is the earlier.
    return newestFirst.toReversed().toSorted((one, other) => one.at.getTime() - other.at.getTime())
  })
}

function versionOf({ editedAt, editor, diff: body }: z.output<typeof versionSchema>): TicketVersion[] {
  if (body === null) return []
  return [{ body, at: new Date(editedAt), by: editor?.login, isPerson: editor?.__typename === 'User' }]
}
