/** How long open sockets and timers may keep the process after its work has ended. */
const graceMs = 5000

/**
 * Lets the process end by itself, and ends it where something still holds it after 5 s: a runner would wait for hours.
 *
 * @param report is told what held it
 */
export function endByItself(report: (message: string) => void): void {
  setTimeout(() => {
    const held = process.getActiveResourcesInfo().join(', ')
    report(`The work ended ${graceMs / 1000} s ago, but these are still open: ${held}. Ending the process.`)
    void flushed().then(() => process.exit())
  }, graceMs).unref()
}

/** Done when everything written to standard output and error has left the process. */
export async function flushed(): Promise<void> {
  await Promise.all(
    [process.stdout, process.stderr].map((stream) => new Promise((done) => stream.write('', done))),
  )
}
