const defaultPageSize = 30
const maxPageSize = 100

export interface PageRequest {
  query: { per_page?: number | undefined; page?: number | undefined }
  url: URL
}

export interface Page<T> {
  items: T[]
  /** The Link header, where there is more than one page. */
  headers: Record<string, string>
}

/** The part of a listing that a request asks for, GitHub's way: 30 entries unless `per_page` says other, 100 at most. */
export function paginate<T>(request: PageRequest, items: readonly T[], pageSize = defaultPageSize): Page<T> {
  const { per_page: perPage = pageSize, page: wanted = 1 } = request.query
  const size = perPage < 1 ? pageSize : Math.min(perPage, Math.max(pageSize, maxPageSize))
  const page = Math.max(1, wanted)
  const last = Math.max(1, Math.ceil(items.length / size))
  const link = linkHeader(request.url, page, last)
  return {
    items: items.slice((page - 1) * size, page * size),
    headers: link === '' ? {} : { link },
  }
}

function linkHeader(url: URL, page: number, last: number): string {
  const before = page > 1 ? { prev: Math.min(page - 1, last), first: 1 } : {}
  const after = page < last ? { next: page + 1, last } : {}
  return Object.entries({ ...before, ...after })
    .map(([relation, number]) => {
      const target = new URL(url)
      target.searchParams.set('page', String(number))
      return `<${target.href}>; rel="${relation}"`
    })
    .join(', ')
}
