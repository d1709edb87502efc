import { readdir, readFile } from 'node:fs/promises'
import { z } from 'zod'

/**
 * Ids of the processes that were started with the variable, which children inherit. Needs Linux (/proc); sees the
 * processes of the same user, or all for root.
 */
export async function processesWith(name: string, value: string): Promise<number[]> {
  const ids = (await readdir('/proc')).filter((entry) => /^\d+$/.test(entry)).map(Number)
  const found = await Promise.all(
    ids.map(async (id) => {
      // gone meanwhile, or not ours to read
      const environment = await readFile(`/proc/${id}/environ`, 'utf8').catch(() => '')
      return environment.split('\0').includes(`${name}=${value}`)
    }),
  )
  return ids.filter((_, index) => found[index])
}

/** Ends all processes that were started with the variable, by SIGKILL, until none is left. Returns how many there were. */
export async function killProcessesWith(name: string, value: string): Promise<number> {
  const killed = new Set<number>()
  for (;;) {
    const left = (await processesWith(name, value)).filter((id) => id !== process.pid)
    if (left.length === 0) return killed.size
    for (const id of left) {
      killed.add(id)
      signalIfAlive(id, 'SIGKILL')
    }
  }
}

const noSuchProcess = z.object({ code: z.literal('ESRCH') })

/** Sends the signal, unless the process has ended. */
export function signalIfAlive(id: number, signal: NodeJS.Signals): void {
  try {
    process.kill(id, signal)
  } catch (error) {
    if (!noSuchProcess.safeParse(error).success) throw error
  }
}
