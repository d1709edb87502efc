// node benchmarks/preflight.ts [PODS] [PARTITIONS] [ROUNDS]: a preflight over many pods and partitions, beside the same
// questions asked by hand. The pods are fake (kwok), and so is what Prometheus remembers of them; API server, broker and
// Prometheus are real. Build first: npm run build.
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { readRecord } from '../packages/shared/src/record/text.ts'
import { startKafka, type Broker } from '../rehearsal/kafka/broker.ts'
import { fakeDeployment } from '../rehearsal/kubernetes/fake-nodes.ts'
import { spawnBound } from '../rehearsal/toolchain/bound-process.ts'
import { cacheFolder } from '../rehearsal/toolchain/cache.ts'
import { markdownTable } from '../scripts/markdown-tables.ts'
import { withFakeCluster, type FakeCluster } from './fake-cluster.ts'
import { buildKubectl } from './kubectl.ts'
import { inTurn, median, type Contestant, type Sample } from './measure.ts'
import { consumed, loadKafka } from './preflight/kafka-load.ts'
import { startPrometheusWith } from './preflight/metrics-history.ts'
import { watchUsage } from './usage.ts'

const podCount = Number(process.argv[2] ?? 1_000)
const partitionCount = Number(process.argv[3] ?? 3_000)
const rounds = Number(process.argv[4] ?? 5)
const namespace = 'many'
const deployments = consumed.map(({ deployment }) => deployment)
const action = join(import.meta.dirname, '../actions/preflight/dist/index.js')
const names = { start: 'only its start', preflight: 'preflight', byHand: 'by hand' } as const
/** These must have been answered from the cluster, the broker and Prometheus. */
const measured = ['consumer-lag', 'production-healthy', 'ownership', 'error-rate', 'latency-p95']

if (!existsSync(action)) throw new Error('There is no bundle of preflight: npm run build')
await withFakeCluster(async (place) => {
  const { cluster, folder } = place
  const kafka = await startKafka({ dir: join(folder, 'kafka'), cache: cacheFolder(), log: console.error })
  try {
    console.error(`${partitionCount} partitions, ${podCount} pods`)
    await loadKafka(kafka, partitionCount / consumed.length)
    await cluster.kubectlRun(['create', 'namespace', namespace])
    for (const name of deployments) {
      const shape = { replicas: Math.round(podCount / deployments.length), image: image(name) }
      await cluster.kubectlRun(
        ['create', '-n', namespace, '-f', '-'],
        JSON.stringify(fakeDeployment(name, shape)),
      )
    }
    for (const name of deployments)
      await cluster.kubectlRun(['rollout', 'status', '-n', namespace, `deployment/${name}`])
    const pods = await cluster.kubectlRun(['get', 'pods', '-n', namespace, '-o', 'name'])
    const podNames = pods
      .trim()
      .split('\n')
      .map((name) => name.replace('pod/', ''))
    const prometheus = await startPrometheusWith(podNames, { namespace, folder, log: console.error })
    try {
      await measure(place, kafka, prometheus.url)
    } finally {
      await prometheus.stop()
    }
  } finally {
    await kafka.stop()
  }
})

async function measure({ cluster, folder }: FakeCluster, kafka: Broker, prometheus: string): Promise<void> {
  const runbook = await runbookFile(folder, kafka, prometheus)
  const bin = await tools(folder, kafka)
  const env = { KUBECONFIG: cluster.kubeconfig, HOME: folder, USER: 'rosa' }
  const plan = [
    '--mode',
    'plan',
    '--version',
    'v1.1.0',
    '--first-deployment-class',
    'minor',
    '--runbook',
    runbook,
  ]
  const { stdout } = await promisify(execFile)(process.execPath, [action, ...plan], {
    env,
    maxBuffer: 16 << 20,
  })
  const record = recordIn(stdout)
  const check = [process.execPath, action, '--mode', 'check', '--runbook', runbook, '--record', record]

  const contestants: Contestant[] = [
    { name: names.start, command: [process.execPath, action, '--help'] },
    // Red: nobody is asked for reviews and tickets, and a preflight blocks where a question has no answer.
    { name: names.preflight, command: check, env, exitCode: 1 },
    {
      name: names.byHand,
      command: ['bash', '--norc', join(import.meta.dirname, 'preflight/by-hand.sh')],
      env: {
        ...env,
        PATH: `${bin}:${process.env.PATH ?? ''}`,
        NAMESPACE: namespace,
        DEPLOYMENTS: deployments.join(' '),
        GROUPS_READ: consumed.map(({ group }) => group).join(' '),
        BROKERS: kafka.brokers.join(','),
        PROMETHEUS: prometheus,
      },
    },
  ]
  const samples = await inTurn(contestants, rounds)
  const looks: Look[] = []
  while (looks.length < rounds) looks.push(await lookInside(check, env, join(folder, 'outputs')))
  console.log(report(samples, looks))
}

/** What a preflight tells of itself, and its memory. */
interface Look {
  readonly peakMiB: number
  /** From the first question to the last answer. */
  readonly gatesMs: number
  /** By gate, the slowest first. */
  readonly tookMs: readonly (readonly [gate: string, ms: number])[]
}

async function lookInside(
  command: readonly string[],
  env: Readonly<Record<string, string>>,
  outputs: string,
): Promise<Look> {
  const [program = '', ...args] = command
  // A file as on a runner: a terminal shows the beginning of a long value only.
  await writeFile(outputs, '')
  const child = await spawnBound(program, args, {
    stdio: 'ignore',
    env: { ...env, GITHUB_ACTIONS: 'true', GITHUB_OUTPUT: outputs },
  })
  const usage = watchUsage(child.pid)
  await once(child, 'exit')
  const { peakMiB } = usage.stop()
  const published = [...(await readFile(outputs, 'utf8')).matchAll(/^record<<(\S+)\n(.*)\n\1$/gm)]
  const record = readRecord(published.at(-1)?.[2] ?? '', 'the outputs of preflight')
  const phase = record.phases.find((each) => each.phase === 'preflight')
  if (phase === undefined) throw new Error('no preflight in its record')
  for (const name of measured) {
    const answer = phase.gates.find(({ gate }) => gate === name)
    if (answer === undefined || ['unknown', 'skipped'].includes(answer.verdict))
      throw new Error(`${name}: ${answer?.answer ?? 'not asked'}`)
  }
  return {
    peakMiB,
    gatesMs: Date.parse(phase.endedAt) - Date.parse(phase.startedAt),
    tookMs: phase.gates.map(({ gate, tookMs }) => [gate, tookMs] as const).toSorted((a, b) => b[1] - a[1]),
  }
}

function recordIn(stdout: string): string {
  const record = /^record: (?<record>\{.*)$/m.exec(stdout)?.groups?.record
  if (record === undefined) throw new Error(`there is no record in:\n${stdout}`)
  return record
}

function report(samples: ReadonlyMap<string, readonly Sample[]>, looks: readonly Look[]): string {
  const of = (name: string, value: (sample: Sample) => number): number =>
    median((samples.get(name) ?? []).map(value))
  const row = (title: string, value: (sample: Sample) => number): string[] => {
    const [start, own, other] = [names.start, names.preflight, names.byHand].map((name) => of(name, value))
    const after = (own ?? 0) - (start ?? 0)
    return [
      title,
      ...[own, after, other].map((ms) => ((ms ?? 0) / 1000).toFixed(2)),
      (after / (other ?? 0)).toFixed(2),
    ]
  }
  const table = markdownTable(
    [
      `${podCount} pods, ${partitionCount} partitions, ${rounds} rounds, medians`,
      names.preflight,
      'after its start',
      names.byHand,
      'ratio',
    ],
    [row('wall time, s', ({ wallMs }) => wallMs), row('time on a processor, s', ({ cpuMs }) => cpuMs)],
  )
  const slowest = (look: Look): number => look.tookMs[0]?.[1] ?? 0
  const middle = (value: (look: Look) => number): number => median(looks.map(value))
  const gates = (looks[0]?.tookMs ?? []).slice(0, 5).map(([gate, ms]) => `${gate} ${ms}`)
  return [
    table,
    `Peak memory of preflight: ${middle(({ peakMiB }) => peakMiB).toFixed(0)} MiB.`,
    `All gates take ${middle(({ gatesMs }) => gatesMs).toFixed(0)} ms, the slowest of them ${middle(slowest).toFixed(0)} ms: ${middle((look) => look.gatesMs / slowest(look)).toFixed(2)} times as long. The slowest of one run, in ms: ${gates.join(', ')}.`,
  ].join('\n\n')
}

function image(deployment: string): string {
  return `registry.local/${deployment}:v1.0.0`
}

async function runbookFile(folder: string, kafka: Broker, prometheus: string): Promise<string> {
  const runbook = {
    version: 1,
    pipeline: 'many',
    environments: { production: { namespace } },
    window: { hours: 'Mon-Sun 00:00-24:00', avoid: [] },
    kafka: { brokers: kafka.brokers },
    prometheus: { url: prometheus },
    gates: { 'image-present': { mode: 'off' } },
    // Fake pods answer nothing themselves.
    components: consumed.map(({ deployment, group }) => ({
      deployment,
      'consumer-group': group,
      health: false,
      metrics: false,
    })),
  }
  const file = join(folder, 'runbook.yaml')
  await writeFile(file, JSON.stringify(runbook))
  return file
}

/** A folder for the PATH with kubectl, and Kafka's tool as its distribution has it. */
async function tools(folder: string, kafka: Broker): Promise<string> {
  const bin = join(folder, 'bin')
  await mkdir(bin)
  await symlink(await buildKubectl(console.error), join(bin, 'kubectl'))
  const command = kafka.toolCommand('kafka-consumer-groups').map((word) => `'${word}'`)
  const script = `#!/bin/sh\nexec ${command.join(' ')} "$@"\n`
  await writeFile(join(bin, 'kafka-consumer-groups'), script, { mode: 0o755 })
  return bin
}
