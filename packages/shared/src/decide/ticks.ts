/** A line of a checklist in one version of the ticket. */
export interface SeenTick {
  readonly isTicked: boolean
  readonly at: Date
  /** Who wrote this version. */
  readonly by: string | undefined
  readonly isPerson: boolean
}

export type Tick =
  | { readonly state: 'open' }
  /** Ticked, and it is known by which person. */
  | { readonly state: 'ticked'; readonly by: string; readonly at: Date }
  /** Ticked, but not by a person, or nobody knows by whom. */
  | { readonly state: 'unattributed'; readonly why: string }

/**
 * Who ticked a line: whoever wrote the version in which it became ticked last. A workflow can write a ticket too, and is
 * no person who answers for anything.
 *
 * @param isTicked as the ticket stands
 * @param history its versions, oldest first; empty where it was never edited
 */
export function whoTicked(isTicked: boolean, history: readonly SeenTick[]): Tick {
  if (!isTicked) return { state: 'open' }
  const last = history.findLastIndex(
    (version, index) => version.isTicked && history[index - 1]?.isTicked !== true,
  )
  const version = history.at(-1)?.isTicked === true ? history[last] : undefined
  if (version?.by === undefined) {
    return { state: 'unattributed', why: 'GitHub does not say who ticked it; untick it and tick it again' }
  }
  if (!version.isPerson) {
    return {
      state: 'unattributed',
      why: `ticked by ${version.by}, which is no person; untick it and tick it again`,
    }
  }
  return { state: 'ticked', by: version.by, at: version.at }
}
