import type { FieldError } from '../errors.ts'

/** Characters that GitHub stores in the body of an issue or a comment. */
export const maxBodyLength = 65_536

/** GitHub's complaint about a text, if it is too long. Lengths are in characters. */
export function tooLong(resource: string, field: string, text: string, max: number): FieldError[] {
  if (Array.from(text).length <= max) return []
  return [
    {
      resource,
      field,
      code: 'custom',
      message: `${field} is too long (maximum is ${String(max)} characters)`,
    },
  ]
}
