/** How many of the unit a suffix stands for, as numerator and denominator, in thousandths. */
const suffixes: Readonly<Record<string, readonly [bigint, bigint]>> = {
  n: [1n, 1_000_000n],
  u: [1n, 1_000n],
  m: [1n, 1n],
  '': [1_000n, 1n],
  ...Object.fromEntries(
    ['k', 'M', 'G', 'T', 'P', 'E'].map((letter, index) => [letter, [1_000n ** BigInt(index + 2), 1n]]),
  ),
  ...Object.fromEntries(
    ['Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'].map((letter, index) => [
      letter,
      [1_000n * 1_024n ** BigInt(index + 1), 1n],
    ]),
  ),
}

const shape =
  /^(?<sign>[+-]?)(?<whole>\d*)\.?(?<rest>\d*)(?:[eE](?<power>[+-]?\d{1,3})|(?<suffix>[numkMGTPE]?|[KMGTPE]i))$/

/**
 * A quantity of the Kubernetes API (`250m`, `1.5Gi`, `1e3`) in thousandths of its unit, rounded up as the API server does.
 *
 * @throws where the text is none: it came from the API server, so that is an error of ours
 */
export function parseQuantity(text: string): bigint {
  const { sign, whole = '', rest = '', power, suffix = '' } = shape.exec(text)?.groups ?? {}
  if (whole + rest === '') throw new Error(`"${text}" is not a quantity`)
  const exponent = BigInt(Number(power ?? 0) - rest.length)
  const [many, of] = suffixes[suffix] ?? [1_000n, 1n]
  const digits = BigInt(whole + rest) * many * (exponent > 0n ? 10n ** exponent : 1n)
  const divisor = of * (exponent < 0n ? 10n ** -exponent : 1n)
  return sign === '-' ? -(digits / divisor) : (digits + divisor - 1n) / divisor
}

const binary = ['Ei', 'Pi', 'Ti', 'Gi', 'Mi', 'Ki']

/**
 * Thousandths as people write them: `250m`, `3`; of bytes `1.5Gi`. Never rounded: what is 1 byte short must not look equal.
 *
 * @param resource its name, which tells bytes from other things
 */
export function formatQuantity(thousandths: bigint, resource: string): string {
  if (thousandths < 0n) return `-${formatQuantity(-thousandths, resource)}`
  if (thousandths % 1_000n !== 0n) return `${thousandths}m`
  const isBytes = /memory|storage|hugepages/u.test(resource)
  const unit = binary.find((name) => {
    const [size = 0n] = suffixes[name] ?? []
    return isBytes && thousandths >= size && (thousandths * 10n) % size === 0n
  })
  if (unit === undefined) return String(thousandths / 1_000n)
  const [size = 1n] = suffixes[unit] ?? []
  const [tenths, whole] = [((thousandths * 10n) / size) % 10n, thousandths / size]
  return `${whole}${tenths === 0n ? '' : `.${tenths}`}${unit}`
}
