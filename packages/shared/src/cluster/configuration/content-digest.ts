import { createHash } from 'node:crypto'

/** The data of a ConfigMap. */
export type Data = Readonly<Record<string, string>>

/** All that a ConfigMap says. */
export interface ConfigMapContent {
  readonly data: Data
  /** What is no text, in base64; absent where there is none. */
  readonly binaryData?: Data | undefined
}

/** `sha256:` of a text: it tells whether two are the same, and nothing of what they say. */
export function textDigest(text: string): string {
  return `sha256:${createHash('sha256').update(text).digest('hex')}`
}

/** `sha256:` of a ConfigMap's data, whatever the order of its keys. */
export function dataDigest(data: Data): string {
  return textDigest(JSON.stringify(Object.entries(data).sort(([a], [b]) => (a < b ? -1 : 1))))
}

/** `sha256:` of all that a ConfigMap says; of one without binary data it is that of its data. */
export function contentDigest({ data, binaryData = {} }: ConfigMapContent): string {
  if (Object.keys(binaryData).length === 0) return dataDigest(data)
  return textDigest(`${dataDigest(data)} ${dataDigest(binaryData)}`)
}
