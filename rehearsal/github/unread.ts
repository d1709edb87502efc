export interface Watched {
  /** The same values; notes what is read. */
  values: unknown
  /** The properties that nobody has read so far. */
  unread: () => string[]
}

/**
 * Notes which properties of an object are read. What a request says and no handler reads would be ignored in silence,
 * where GitHub would act on it.
 */
export function watchReads(values: unknown): Watched {
  if (typeof values !== 'object' || values === null || Array.isArray(values))
    return { values, unread: () => [] }
  const read = new Set<string | symbol>()
  const watched = new Proxy(values, {
    get: (target, property, receiver): unknown => {
      read.add(property)
      return Reflect.get(target, property, receiver)
    },
  })
  return { values: watched, unread: () => Object.keys(values).filter((property) => !read.has(property)) }
}
