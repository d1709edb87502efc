import { secretShapes } from './secret-shapes.ts'
import { redactPatterns } from './secret-patterns.ts'

/** Keeps what is secret out of everything that is printed or published. */
export interface Masker {
  /**
   * From now on `value` and its encodings are masked.
   *
   * @returns whether anything could be masked: what is shorter than four characters or an everyday word cannot,
   *   since that would blank half the log
   */
  mask(value: string): boolean
  /** The text without anything masked so far. Fit for data that others read again: nothing else is changed. */
  redactKnown(text: string): string
  /** The same for text that people read: also without what looks like a credential. */
  redact(text: string): string
}

/**
 * The runner masks what it was told about, in its log and nowhere else; `redact` is the second line of defence and
 * covers summaries, outputs, tickets and terminals too.
 *
 * @param tellRunner called once per shape: `core.setSecret` under the runner
 */
export function createMasker(tellRunner: (shape: string) => void): Masker {
  const known = new Set<string>()
  let pattern: RegExp | undefined
  const redactKnown = (text: string): string => (pattern === undefined ? text : text.replace(pattern, '***'))
  return {
    redactKnown,
    mask(value) {
      const shapes = secretShapes(value)
      for (const shape of shapes) {
        if (known.has(shape)) continue
        known.add(shape)
        tellRunner(shape)
      }
      if (known.size > 0) pattern = anyOf(known)
      return shapes.length > 0
    },
    redact(text) {
      return redactPatterns(redactKnown(text))
    },
  }
}

/** Longest first, so that a secret which contains another leaves no rest. */
function anyOf(texts: Iterable<string>): RegExp {
  const longestFirst = [...texts].sort((a, b) => b.length - a.length)
  return new RegExp(longestFirst.map(escaped).join('|'), 'g')
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')
}
