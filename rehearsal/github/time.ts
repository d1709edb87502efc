/** The current time, ISO 8601 in UTC with whole seconds. */
export type Timestamp = () => string

/** A time as GitHub writes it: ISO 8601 in UTC with whole seconds. */
export function isoSeconds(date: Date): string {
  return date.toISOString().replace(/\.\d+Z$/, 'Z')
}
