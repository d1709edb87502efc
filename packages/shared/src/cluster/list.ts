import { ApiError } from './api-error.ts'
import type { ListOptions } from './api-options.ts'
import type { Query } from './resource-path.ts'
import type { Page } from './server-answers.ts'

/** A page of pods with managed fields is a megabyte: its text and its objects stand in memory together. */
const defaultPageSize = 200

export interface PageHandlers<Item> {
  page(items: readonly Item[]): void
  /** What came so far is void: everything comes again. */
  restart(): void
}

/**
 * Fetches all pages and hands each on. A continue token that expires on the way (410) restarts the list as a
 * whole, in one piece, as client-go does. The resourceVersion is of the one snapshot that all pages show.
 */
export async function listPages(
  options: ListOptions,
  handlers: PageHandlers<unknown>,
  fetchPage: (query: Query) => Promise<Page>,
): Promise<{ resourceVersion: string }> {
  const { labelSelector, fieldSelector, pageSize = defaultPageSize } = options
  const selectors = { labelSelector, fieldSelector }
  let page: Page
  let next: string | undefined
  do {
    try {
      page = await fetchPage({ ...selectors, limit: pageSize, continue: next })
    } catch (error) {
      if (next === undefined || !(error instanceof ApiError) || error.status !== 410) throw error
      handlers.restart()
      page = await fetchPage(selectors)
    }
    handlers.page(page.items ?? [])
    next = page.metadata.continue === '' ? undefined : page.metadata.continue
  } while (next !== undefined)
  return { resourceVersion: page.metadata.resourceVersion }
}
