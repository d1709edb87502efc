/** ` Did you mean …?` for the candidate nearest to `text`, or nothing when none is near. Begins with `; `. */
export function didYouMean(text: string, candidates: readonly string[]): string {
  const nearest = closest(text, candidates)
  return nearest === undefined ? '' : `; did you mean ${JSON.stringify(nearest)}?`
}

/** The candidate at the smallest edit distance, if that is at most a third of the length (and at most 3). */
export function closest(text: string, candidates: readonly string[]): string | undefined {
  const folded = fold(text)
  let best: { candidate: string; distance: number } | undefined
  for (const candidate of candidates) {
    const distance = editDistance(folded, fold(candidate))
    if (best === undefined || distance < best.distance) best = { candidate, distance }
  }
  const allowed = Math.min(3, Math.ceil(text.length / 3))
  return best !== undefined && best.distance <= allowed ? best.candidate : undefined
}

/** Case and the choice of separator are never the point: `timeZone`, `time_zone` and `time-zone` are one. */
function fold(text: string): string {
  return text.toLowerCase().replaceAll(/[-_ ]/g, '')
}

/** Edits (insert, delete, replace, swap of neighbours) that turn `a` into `b`. */
export function editDistance(a: string, b: string): number {
  let beforeLast: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (let row = 1; row <= a.length; row++) {
    const current = [row]
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1]
      let edits = Math.min(
        (last[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (last[column - 1] ?? 0) + (same ? 0 : 1),
      )
      const swapped = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]
      if (swapped) edits = Math.min(edits, (beforeLast[column - 2] ?? 0) + 1)
      current.push(edits)
    }
    beforeLast = last
    last = current
  }
  return last[b.length] ?? a.length
}
