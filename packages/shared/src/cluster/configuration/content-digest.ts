import { createHash } from 'node:crypto'

/** The data of a ConfigMap. */
export type Data = Readonly<Record<string, string>>

/** `sha256:` of a text: it tells whether two are the same, and nothing of what they say. */
export function textDigest(text: string): string {
  return `sha256:${createHash('sha256').update(text).digest('hex')}`
}

/** `sha256:` of a ConfigMap's data, whatever the order of its keys. */
export function dataDigest(data: Data): string {
  return textDigest(JSON.stringify(Object.entries(data).sort(([a], [b]) => (a < b ? -1 : 1))))
}
