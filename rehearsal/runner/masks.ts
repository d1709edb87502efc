/**
 * Hides secrets as GitHub's runner does: each line of a secret, without the blanks around it, becomes `***`.
 * Other than GitHub's, it leaves base64 and other encodings of a secret as they are, so that a rehearsal shows such a leak.
 */
export class Masks {
  /** Longest first, so that a secret which begins with another one is hidden whole. */
  #texts: string[] = []

  constructor(secrets: Iterable<string> = []) {
    for (const secret of secrets) this.add(secret)
  }

  /** Hides the text, and each of its lines, from now on. */
  add(text: string): void {
    const lines = [text, ...text.split(/[\r\n]+/)].map((line) => line.trim()).filter((line) => line !== '')
    this.#texts = [...new Set([...this.#texts, ...lines])].sort((a, b) => b.length - a.length)
  }

  /** The text with everything hidden. */
  apply(text: string): string {
    return this.#texts.reduce((hidden, secret) => hidden.replaceAll(secret, '***'), text)
  }

  /** The same value with everything hidden in each of its strings. */
  applyTo(value: unknown): unknown {
    if (typeof value === 'string') return this.apply(value)
    if (Array.isArray(value)) return value.map((item) => this.applyTo(item))
    if (typeof value === 'object' && value !== null) {
      return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, this.applyTo(item)]))
    }
    return value
  }
}
