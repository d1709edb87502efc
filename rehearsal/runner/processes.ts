import { readdir, readFile } from 'node:fs/promises'
import { z } from 'zod'

/**
 * Ids of the processes that were started with all of these variables, which children inherit. Needs Linux (/proc); sees
 * the processes of the same user, or all for root.
 */
export async function processesWith(variables: Readonly<Record<string, string>>): Promise<number[]> {
  const wanted = Object.entries(variables).map(([name, value]) => `${name}=${value}`)
  const ids = (await readdir('/proc')).filter((entry) => /^\d+$/.test(entry)).map(Number)
  const found = await Promise.all(
    ids.map(async (id) => {
      // gone meanwhile, or not ours to read
      const environment = await readFile(`/proc/${id}/environ`, 'utf8').catch(() => '')
      const found = new Set(environment.split('\0'))
      return wanted.every((entry) => found.has(entry))
    }),
  )
  return ids.filter((_, index) => found[index])
}

/** Ends all processes that were started with the variables, by SIGKILL, until none is left. Returns how many there were. */
export async function killProcessesWith(variables: Readonly<Record<string, string>>): Promise<number> {
  const killed = new Set<number>()
  for (;;) {
    const left = (await processesWith(variables)).filter((id) => id !== process.pid)
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
