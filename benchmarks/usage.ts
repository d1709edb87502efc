import { readFileSync } from 'node:fs'

/** What one process has used so far, by the kernel's own accounting. */
export interface Usage {
  readonly cpuMs: number
  /** The largest resident set, in MiB. */
  readonly peakMiB: number
}

const lookEveryMs = 10
/** USER_HZ, which is 100 on every Linux. */
const msPerTick = 10

/** Looks at a running process until `stop` is called, which tells its last known usage. */
export function watchUsage(pid: number): { stop(): Usage } {
  let usage: Usage = { cpuMs: 0, peakMiB: 0 }
  const look = (): void => {
    usage = usageOf(pid) ?? usage
  }
  const timer = setInterval(look, lookEveryMs)
  return {
    stop() {
      look()
      clearInterval(timer)
      return usage
    },
  }
}

/** Undefined where there is no such process (any more). */
function usageOf(pid: number): Usage | undefined {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8')
    // After the name, which is in brackets and may hold blanks: state is field 3, user and system time are 14 and 15.
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    const peakKiB = /^VmHWM:\s+(\d+)/m.exec(status)?.[1]
    if (peakKiB === undefined) return undefined
    return {
      cpuMs: (Number(fields[11]) + Number(fields[12])) * msPerTick,
      peakMiB: Number(peakKiB) / 1024,
    }
  } catch {
    return undefined // it has ended between two looks
  }
}
