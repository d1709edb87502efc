/** What a percentage looks like, for the schema. The `%` is required: a bare `1` could mean 1 % or 100 %. */
export const PERCENTAGE_PATTERN = /^(\d{1,5}(?:\.\d{1,6})?) ?%$/

/** What is valid, for messages. */
export const PERCENTAGE_EXPECTED = 'a percentage such as 1% or 0.5%'

/** Reads `1%` as the share 0.01; `undefined` when the text is no percentage. A rise may be above 100 %. */
export function parsePercentage(text: string): number | undefined {
  const match = PERCENTAGE_PATTERN.exec(text)
  if (match?.[1] === undefined) return undefined
  // Shifting the exponent in decimal keeps 0.07% exactly the double nearest to 0.0007; dividing by 100 would not.
  return Number(`${match[1]}e-2`)
}

/** Writes a share as the runbook file does: 0.01 is `1%`. The inverse of `parsePercentage`. */
export function formatPercentage(share: number): string {
  return `${inPercent(share, 6)}%`
}

/** Writes a share for a reader, with at most `digits` decimals: 0.0034 is `0.34 %`. */
export function humanPercentage(share: number, digits = 2): string {
  return `${inPercent(share, digits)} %`
}

function inPercent(share: number, digits: number): string {
  if (!Number.isFinite(share)) throw new RangeError(`A share is a finite number, not ${share}`)
  const rounded = Number(Number(`${toPlain(share)}e2`).toFixed(digits))
  return String(rounded === 0 ? 0 : rounded)
}

/** A number without exponent, so that an exponent can be added: 1e-7 is `0.0000001`. */
function toPlain(value: number): string {
  const text = String(value)
  return text.includes('e') ? value.toFixed(12) : text
}
