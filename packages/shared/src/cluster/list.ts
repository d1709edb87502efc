import { ApiError } from './api-error.ts'
import type { ListOptions } from './api-options.ts'
import type { Query } from './resource-path.ts'
import type { Page } from './server-answers.ts'

const defaultPageSize = 500

/**
 * Fetches all pages and hands each on. The resourceVersion is the first page's snapshot, from which a watch can
 * go on. A continue token that expires on the way (410) restarts the list as a whole, in one piece, as client-go
 * does: `restart` is called, and everything comes again.
 */
export async function listPages(
  options: ListOptions,
  fetchPage: (query: Query) => Promise<Page>,
  handlers: { page(items: readonly unknown[]): void; restart(): void },
): Promise<{ resourceVersion: string }> {
  const { labelSelector, fieldSelector, pageSize = defaultPageSize } = options
  const selectors = { labelSelector, fieldSelector }
  const fetch = (query: Query) => fetchPage({ ...selectors, ...query })
  let page: Page | undefined
  let next: string | undefined
  do {
    try {
      page = await fetch({ limit: pageSize, continue: next })
    } catch (error) {
      if (next === undefined || !(error instanceof ApiError) || error.status !== 410) throw error
      handlers.restart()
      page = await fetch({})
    }
    handlers.page(page.items ?? [])
    next = page.metadata.continue === '' ? undefined : page.metadata.continue
  } while (next !== undefined)
  return { resourceVersion: page.metadata.resourceVersion }
}
