import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'

/** One run of one command, by the kernel's own accounting. */
export interface Sample {
  readonly wallMs: number
  /** The largest resident set, in MiB. */
  readonly peakMiB: number
}

export interface Contestant {
  readonly name: string
  readonly command: readonly string[]
  readonly env?: Readonly<Record<string, string>>
}

/** Runs a command to its end. What it prints is read and thrown away. */
function runOnce({ command, env = {} }: Contestant): Promise<Sample> {
  const [program = '', ...args] = command
  return new Promise((resolve, reject) => {
    const began = performance.now()
    const child = spawn(program, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH: process.env.PATH ?? '', ...env },
    })
    let peakKiB = 0
    const look = setInterval(() => {
      peakKiB = Math.max(peakKiB, residentPeakKiB(child.pid))
    }, 5)
    child.stdout.on('data', () => {
      peakKiB = Math.max(peakKiB, residentPeakKiB(child.pid))
    })
    child.stderr.resume()
    child.once('error', reject)
    child.once('exit', (code) => {
      clearInterval(look)
      if (code === 0) resolve({ wallMs: performance.now() - began, peakMiB: peakKiB / 1024 })
      else reject(new Error(`${command.join(' ')} ended with ${String(code)}`))
    })
  })
}

function residentPeakKiB(pid: number | undefined): number {
  try {
    return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${String(pid)}/status`, 'utf8'))?.[1] ?? 0)
  } catch {
    return 0 // it has ended between two looks
  }
}

/** Runs the contestants in turn, A B A B …, so that a machine that drifts does so for both. The first round is a warm-up. */
export async function inTurn(
  contestants: readonly Contestant[],
  rounds: number,
): Promise<Map<string, Sample[]>> {
  const samples = new Map(contestants.map(({ name }) => [name, [] as Sample[]]))
  for (let round = 0; round <= rounds; round += 1) {
    for (const contestant of contestants) {
      const sample = await runOnce(contestant)
      if (round > 0) samples.get(contestant.name)?.push(sample)
    }
  }
  return samples
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  return sorted.length % 2 === 1
    ? (sorted[middle] ?? Number.NaN)
    : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2
}
