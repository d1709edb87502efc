/**
 * Runs a program in a process group of its own, and answers on standard output with two lines: its own process id, and
 * at the end, as JSON, how the program ended and what it said. The whole group is ended when the program ends, when
 * this process gets a signal, and when whoever started it is gone: its standard input is closed then.
 *
 * It is handed to another Node as source, so it names nothing of this module and imports nothing.
 */
export function superviseCommand(): void {
  const { spawn } = process.getBuiltinModule('node:child_process')
  /** Characters of standard output, and of the end of both outputs, that are kept. */
  const kept = { stdout: 65_537, tail: 16_384 }
  /** How long the group may take to end by itself. */
  const graceMs = 2_000
  /** How long output may still come once the program has ended: what left the group may hold it open for ever. */
  const drainMs = 500

  const [program = '', ...args] = process.argv.slice(1)
  let stdout = ''
  let tail = ''
  let isTold = false
  const child = spawn(program, args, { detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
  const tell = (end: { failure?: string | undefined; code: number | null; signal: string | null }): void => {
    if (isTold) return
    isTold = true
    process.stdout.write(JSON.stringify({ ...end, stdout, tail }), () => process.exit())
  }
  const signalGroup = (signal: NodeJS.Signals): void => {
    if (child.pid === undefined) return
    try {
      process.kill(-child.pid, signal)
    } catch {
      // Nobody is left in it.
    }
  }
  const stop = (): void => {
    signalGroup('SIGTERM')
    setTimeout(signalGroup, graceMs, 'SIGKILL')
  }
  const keep = (chunk: string): void => {
    tail = (tail + chunk).slice(-kept.tail)
  }
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    stdout = (stdout + chunk).slice(0, kept.stdout)
    keep(chunk)
  })
  child.stderr.setEncoding('utf8').on('data', keep)
  child.on('error', (error: NodeJS.ErrnoException) => {
    tell({ failure: error.code ?? error.message, code: null, signal: null })
  })
  child.on('exit', (code, signal) => {
    signalGroup('SIGKILL')
    setTimeout(tell, drainMs, { code, signal })
  })
  child.on('close', (code, signal) => {
    tell({ code, signal })
  })
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, stop)
  process.stdin.on('end', stop).resume()
  process.stdout.write(`${process.pid}\n`)
}
