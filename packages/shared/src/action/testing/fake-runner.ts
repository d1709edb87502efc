/** Runs an action as GitHub's runner does: a process of its own, `INPUT_…` variables, files for outputs and summary. */
import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface StepOptions {
  /** By name, as under `with:`. */
  readonly inputs?: Readonly<Record<string, string>>
  /** More variables, or others: an empty one removes what the runner would set. */
  readonly environment?: Readonly<Record<string, string>>
  readonly args?: readonly string[]
  /** Sent in this order, each once its text has been printed. */
  readonly signals?: readonly { readonly after: string; readonly send: NodeJS.Signals }[]
}

export interface StepResult {
  readonly exitCode: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
  /** As the runner reads the file: the last value of a name counts. */
  readonly outputs: Readonly<Record<string, string>>
  readonly summary: string
  readonly tookMs: number
}

/** Runs `script` under a runner's environment, or with `args` in a plain terminal's. */
export async function runStep(script: string, options: StepOptions = {}): Promise<StepResult> {
  const directory = await mkdtemp(join(tmpdir(), 'step-'))
  try {
    const [outputFile, summaryFile] = [join(directory, 'output'), join(directory, 'summary')]
    await Promise.all([writeFile(outputFile, ''), writeFile(summaryFile, '')])
    const started = performance.now()
    const ended = await run(
      script,
      options,
      options.args ? {} : runnerVariables(options, outputFile, summaryFile),
    )
    return {
      ...ended,
      tookMs: performance.now() - started,
      outputs: readOutputs(await readFile(outputFile, 'utf8')),
      summary: await readFile(summaryFile, 'utf8'),
    }
  } finally {
    await rm(directory, { recursive: true })
  }
}

function runnerVariables(
  { inputs = {} }: StepOptions,
  outputFile: string,
  summaryFile: string,
): Record<string, string> {
  return {
    GITHUB_ACTIONS: 'true',
    GITHUB_OUTPUT: outputFile,
    GITHUB_STEP_SUMMARY: summaryFile,
    ...Object.fromEntries(
      Object.entries(inputs).map(([name, value]) => [
        `INPUT_${name.replaceAll(' ', '_').toUpperCase()}`,
        value,
      ]),
    ),
  }
}

type Ended = Pick<StepResult, 'exitCode' | 'signal' | 'stdout' | 'stderr'>

function run(
  script: string,
  { args = [], environment, signals = [] }: StepOptions,
  variables: Record<string, string>,
): Promise<Ended> {
  const child = spawn(process.execPath, [script, ...args], {
    env: { PATH: process.env.PATH, ...variables, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const printed = { stdout: '', stderr: '' }
  const waiting = [...signals]
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream].setEncoding('utf8').on('data', (text: string) => {
      printed[stream] += text
      const next = waiting[0]
      if (next === undefined || !printed[stream].includes(next.after)) return
      waiting.shift()
      child.kill(next.send)
    })
  }
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (exitCode, signal) => {
      resolve({ exitCode, signal, ...printed })
    })
  })
}

function readOutputs(file: string): Record<string, string> {
  const outputs: Record<string, string> = {}
  for (const [, name = '', , value = ''] of file.matchAll(/^([^\n<]+)<<(\S+)\n(?:([\s\S]*?)\n)?\2$/gmu))
    outputs[name] = value
  return outputs
}
