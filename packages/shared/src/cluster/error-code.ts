/** The `code` of an error of Node, OpenSSL or undici (`ENOENT`, `ECONNRESET`, …). */
export function codeOf(error: unknown): string | undefined {
  const hasCode =
    typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string'
  return hasCode ? String(error.code) : undefined
}
