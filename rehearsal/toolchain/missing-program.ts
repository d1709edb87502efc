/** Whether starting a program failed because there is no such program on this machine. */
export function isMissingProgram(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === 'ENOENT'
}
