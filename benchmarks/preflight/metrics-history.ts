import { execFile } from 'node:child_process'
import { createWriteStream } from 'node:fs'
import { once } from 'node:events'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { buildGoProgram } from '../../rehearsal/toolchain/go-program.ts'
import { buildPrometheus } from '../../rehearsal/prometheus/build.ts'
import { startServer, type ServerProcess } from '../../rehearsal/prometheus/server-process.ts'

const minute = 60_000
export const scrapeIntervalMs = 30_000
/** Preflight looks at half an hour; a step more is needed to begin with. */
const beforeMs = 35 * minute
/** So that the newest samples are there as long as the benchmark runs: what lies ahead is asked by nobody. */
const afterMs = 40 * minute
const bounds = [0.1, 0.5, 1, 2.5, 5, 10]

/** What a healthy pod counts in one scrape interval, and the labels. */
const counters: readonly (readonly [name: string, labels: string, step: number])[] = [
  ['kafka_messages_consumed', '', 100],
  ['kafka_retries', '', 1],
  ['downloads', ',outcome="success"', 99],
  ['downloads', ',outcome="failure"', 1],
]
/** Counters that stay at 0: they are asked all the same. */
const silent = ['kafka_processing_errors', 'kafka_dlq_messages']
const histograms = ['kafka_processing_duration_seconds', 'onelake_upload_duration_seconds']

/** A Prometheus that has known the metrics of these pods for a while: 22 series of each. */
export async function startPrometheusWith(
  pods: readonly string[],
  { namespace, folder, log }: { namespace: string; folder: string; log: (line: string) => void },
): Promise<ServerProcess> {
  const binary = await buildPrometheus({ log })
  const promtool = await buildPromtool(log)
  const [text, data] = [join(folder, 'history.om'), join(folder, 'prometheus-data')]
  await writeHistory(text, pods, namespace)
  await promisify(execFile)(promtool, ['tsdb', 'create-blocks-from', 'openmetrics', '--quiet', text, data])
  return startServer({
    name: 'prometheus',
    binary,
    dir: folder,
    args: (address) => [
      // It scrapes nothing and forgets nothing.
      '--config.file=/dev/null',
      `--storage.tsdb.path=${data}`,
      '--storage.tsdb.retention.time=1d',
      `--web.listen-address=${address}`,
    ],
  })
}

/** Prometheus' own tool, which turns a text into what a Prometheus has stored. */
async function buildPromtool(log: (line: string) => void): Promise<string> {
  return buildGoProgram(
    {
      name: 'promtool',
      title: 'promtool',
      module: 'github.com/prometheus/prometheus',
      version: 'v0.316.0',
      package: './cmd/promtool',
      flags: ['-mod=mod', '-tags', 'netgo,remove_all_sd'],
      takes: 'a minute where Prometheus has been built',
    },
    { log },
  )
}

/** In the text format of OpenMetrics with times, family by family as it must be. */
async function writeHistory(path: string, pods: readonly string[], namespace: string): Promise<void> {
  const begin = Math.floor((Date.now() - beforeMs) / scrapeIntervalMs) * scrapeIntervalMs
  const steps = Array.from(
    { length: (beforeMs + afterMs) / scrapeIntervalMs },
    (_, step) => (begin + step * scrapeIntervalMs) / 1000,
  )
  const out = createWriteStream(path)
  const put = async (text: string): Promise<void> => {
    if (!out.write(text)) await once(out, 'drain')
  }
  const target = (pod: string): string =>
    `namespace="${namespace}",pod="${pod}",instance="${pod}:8000",job="pods"`
  const series = (name: string, labels: string, value: (step: number) => number): string =>
    steps.map((at, step) => `${name}{${labels}} ${value(step)} ${at}\n`).join('')

  const gauge = async (name: string, labels: string, value: number): Promise<void> => {
    await put(`# TYPE ${name} gauge\n`)
    for (const pod of pods) await put(series(name, target(pod) + labels, () => value))
  }
  await gauge('up', '', 1)
  await gauge('circuit_breaker_state', ',breaker="onelake"', 0)
  const families = Map.groupBy(
    [...counters, ...silent.map((name) => [name, '', 0] as const)],
    ([name]) => name,
  )
  for (const [family, members] of families) {
    await put(`# TYPE ${family} counter\n`)
    for (const pod of pods)
      for (const [, labels, each] of members)
        await put(series(`${family}_total`, target(pod) + labels, (step) => step * each))
  }
  for (const family of histograms) {
    await put(`# TYPE ${family} histogram\n`)
    for (const pod of pods) {
      for (const bound of [...bounds.map(String), '+Inf'])
        await put(series(`${family}_bucket`, `${target(pod)},le="${bound}"`, (step) => step * 100))
      await put(series(`${family}_count`, target(pod), (step) => step * 100))
      await put(series(`${family}_sum`, target(pod), (step) => step * 5))
    }
  }
  out.end('# EOF\n')
  await once(out, 'close')
}
