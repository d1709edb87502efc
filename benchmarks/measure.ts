import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** One run of one command, by the kernel's own accounting. */
export interface Sample {
  readonly wallMs: number
  /** Time on a processor, in user and system mode: what a busy machine does not change much. */
  readonly cpuMs: number
}

export interface Contestant {
  readonly name: string
  readonly command: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** What it must end with; 0 where absent. */
  readonly exitCode?: number
}

/** bash knows what a child used once it has ended; Node does not tell. What the command prints is thrown away. */
const timed = 'wanted=$1; shift; TIMEFORMAT="%3R %3U %3S"; time "$@" >/dev/null 2>&1; [ $? = "$wanted" ]'

/** Runs a command to its end. */
async function runOnce({ command, env = {}, exitCode = 0 }: Contestant): Promise<Sample> {
  const { stderr } = await run('bash', ['--norc', '-c', timed, 'bash', String(exitCode), ...command], {
    env: { PATH: process.env.PATH ?? '', ...env },
  })
  const [wall = Number.NaN, user = Number.NaN, system = Number.NaN] = stderr.trim().split(' ').map(Number)
  return { wallMs: wall * 1000, cpuMs: (user + system) * 1000 }
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
