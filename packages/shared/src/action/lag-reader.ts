// The program of the Job that reads lag inside the cluster; the build makes one file of it (scripts/build.ts).
import { readAgainAndAgain } from '../kafka/lag-reader.ts'
import { systemClock } from '../ports.ts'

const stop = new AbortController()
// As the first process of its container it ends by SIGTERM only where it says so.
process.once('SIGTERM', () => {
  stop.abort(new Error('SIGTERM'))
})
readAgainAndAgain({
  variables: process.env,
  write: (line) => process.stdout.write(line),
  clock: systemClock,
  signal: stop.signal,
}).catch((error: unknown) => {
  if (stop.signal.aborted) return
  process.exitCode = 1
  console.error(error)
})
