import * as z from 'zod'
import { statusSchema, type Status } from './status.ts'

const objectSchema = z.looseObject({ metadata: z.looseObject({ resourceVersion: z.string().min(1) }) })

const eventSchema = z.discriminatedUnion('type', [
  z.object({ type: z.enum(['ADDED', 'MODIFIED', 'DELETED']), object: objectSchema }),
  z.object({ type: z.literal('BOOKMARK'), object: objectSchema }),
  z.object({ type: z.literal('ERROR'), object: statusSchema }),
])

export type ChangeType = 'ADDED' | 'MODIFIED' | 'DELETED'

/** One line of a watch. */
export type WatchEvent =
  | { readonly type: ChangeType; readonly object: unknown; readonly resourceVersion: string }
  /** Nothing changed up to this version: a place to resume from. */
  | { readonly type: 'BOOKMARK'; readonly resourceVersion: string }
  | { readonly type: 'ERROR'; readonly status: Status }

/** A line that is no watch event, or an event without a version: going on could skip a change. */
export class InvalidWatchEvent extends Error {
  override readonly name = 'InvalidWatchEvent'
}

/**
 * The events in a watch's body. An unfinished last line, from a cut connection, is dropped: it comes
 * again. `heard` is called for whatever arrives.
 */
export async function* watchEvents(
  chunks: AsyncIterable<Uint8Array>,
  heard: () => void = () => undefined,
): AsyncGenerator<WatchEvent> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const chunk of chunks) {
    heard()
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) if (line.trim() !== '') yield parseEvent(line)
  }
}

function parseEvent(line: string): WatchEvent {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch (cause) {
    throw new InvalidWatchEvent(`a line of ${line.length} characters is not JSON`, { cause })
  }
  const parsed = eventSchema.safeParse(value)
  if (!parsed.success) {
    throw new InvalidWatchEvent(
      parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; '),
    )
  }
  const { type, object } = parsed.data
  if (type === 'ERROR') return { type, status: object }
  const { resourceVersion } = object.metadata
  return type === 'BOOKMARK'
    ? { type, resourceVersion }
    : { type, object: (value as { object: unknown }).object, resourceVersion }
}
