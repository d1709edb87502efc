import type { OpenApi, Operation } from './openapi.ts'

export interface Route {
  /** `METHOD /path/{template}` */
  key: string
  operation: Operation
}

export interface Match extends Route {
  /** The decoded path parameters, as text. */
  params: Record<string, string>
}

interface Entry extends Route {
  method: string
  pattern: RegExp
  /** The path parameters in the order of the pattern's groups. */
  names: string[]
}

/** The older description of the same request as `compare/{basehead}`, without slashes in branch names. */
const olderComparison = '/repos/{owner}/{repo}/compare/{base}...{head}'

/** Finds the operation that a request means. */
export class Router {
  readonly #entries: Entry[]

  constructor(openApi: OpenApi) {
    this.#entries = openApi
      .operations()
      .filter(({ path }) => path !== olderComparison)
      .toSorted((one, other) => literalLength(other.path) - literalLength(one.path)) // `issues/comments` before `issues/{…}`
      .map(({ method, path, operation }) => {
        const multiSegment = openApi.parameters(operation).filter((parameter) => parameter['x-multi-segment'])
        const slashes = new Set(multiSegment.map(({ name }) => name))
        return { key: `${method} ${path}`, method, operation, ...pathPattern(path, slashes) }
      })
  }

  /** `undefined` if GitHub's API has no such operation. The last parameter may be empty: `contents` is `contents/`. */
  match(method: string, pathname: string): Match | undefined {
    return this.#find(method, pathname) ?? this.#find(method, `${pathname}/`)
  }

  #find(method: string, pathname: string): Match | undefined {
    for (const { key, operation, names, ...entry } of this.#entries) {
      const values = entry.method === method ? entry.pattern.exec(pathname)?.slice(1) : undefined
      if (values === undefined) continue
      const decoded = values.map(decode)
      if (decoded.includes(undefined)) return undefined
      return {
        key,
        operation,
        params: Object.fromEntries(names.map((name, index) => [name, decoded[index] ?? ''])),
      }
    }
    return undefined
  }
}

function pathPattern(path: string, slashes: ReadonlySet<string>): { pattern: RegExp; names: string[] } {
  const names: string[] = []
  const source = path.split(/(\{[^}]+\})/).map((part) => {
    const [, name] = /^\{(.+)\}$/.exec(part) ?? []
    if (name === undefined) return part.replace(/[.+]/g, '\\$&')
    names.push(name)
    return slashes.has(name) ? '(.*)' : '([^/]+)'
  })
  return { pattern: new RegExp(`^${source.join('')}$`), names }
}

function literalLength(path: string): number {
  return path.replace(/\{[^}]+\}/g, '').length
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}
