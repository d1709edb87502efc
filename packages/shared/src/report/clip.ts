/** The text in at most `max` characters; one that is longer ends in `…`. */
export function clip(text: string, max: number): string {
  if (text.length <= max) return text
  return `${text
    .slice(0, Math.max(0, max - 1))
    .toWellFormed()
    .replace(/\ufffd$/u, '')}…`
}
