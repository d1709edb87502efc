/** Plain lines: the container runtime adds the time. */
export const log = {
  info: (message: string): void => {
    process.stdout.write(`INFO ${message}\n`)
  },
  warn: (message: string): void => {
    process.stdout.write(`WARN ${message}\n`)
  },
  error: (message: string): void => {
    process.stderr.write(`ERROR ${message}\n`)
  },
  fatal: (message: string): void => {
    process.stderr.write(`FATAL ${message}\n`)
  },
}
