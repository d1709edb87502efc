import { randomBytes } from 'node:crypto'
import type { ChildProcess } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, open, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { Admin, ITopicConfig, KafkaConfig } from 'kafkajs'
import { logLevel } from 'kafkajs'
import { messageOf, UserError } from '../../packages/shared/src/errors.ts'
import type { BoundProcess } from '../toolchain/bound-process.ts'
import { isRunning, spawnBound, terminate } from '../toolchain/bound-process.ts'
import { kafkaClient } from './client.ts'
import { freePorts } from '../toolchain/free-ports.ts'
import { javaArguments, requireJava, runTool } from './java.ts'
import { fetchLibraries } from './libraries.ts'
import type { ExtraListener, Listeners } from './server-properties.ts'
import { serverProperties } from './server-properties.ts'

const startDeadlineMs = 180_000
const askEveryMs = 50
const answerTimeoutMs = 2000
const stopGraceMs = 10_000
const portAttempts = 3

/** Kafka's command line tools under the names of its distribution, with the class behind each. */
const tools = {
  'kafka-consumer-groups': 'org.apache.kafka.tools.consumer.group.ConsumerGroupCommand',
  'kafka-topics': 'org.apache.kafka.tools.TopicCommand',
  'kafka-acls': 'org.apache.kafka.tools.AclCommand',
  'kafka-features': 'org.apache.kafka.tools.FeatureCommand',
  'kafka-configs': 'kafka.admin.ConfigCommand',
  'kafka-console-consumer': 'org.apache.kafka.tools.consumer.ConsoleConsumer',
  'kafka-console-share-consumer': 'org.apache.kafka.tools.consumer.ConsoleShareConsumer',
} as const

export interface KafkaOptions {
  /** Holds configuration, data and broker.log; a folder used before continues with its data. */
  dir: string
  /** Holds the jars between runs. */
  cache: string
  /** The port for clients on 127.0.0.1; a free one if not given. */
  port?: number | undefined
  /** Listeners beside the plain one: with TLS, with a login. */
  listeners?: readonly ExtraListener[]
  /** Settings of the server beside ours. */
  settings?: Readonly<Record<string, string>>
  log: (line: string) => void
  /** Ends the waiting and the broker while it starts. */
  signal?: AbortSignal | undefined
}

export interface Broker {
  /** Bootstrap servers, as `host:port`. */
  readonly brokers: string[]
  /** The addresses of the other listeners, by name. */
  readonly addresses: Readonly<Record<string, string>>
  readonly pid: number
  /** Makes topics and returns when each partition has a leader; topics that exist stay as they are. */
  createTopics(topics: ITopicConfig[]): Promise<void>
  /** Runs a command line tool against this broker and returns its standard output. */
  tools(command: keyof typeof tools, ...args: string[]): Promise<string>
  /** The command line of a tool, for a shell; the bootstrap server is an argument. */
  toolCommand(command: keyof typeof tools): readonly string[]
  /** Starts a command line tool that goes on until the function that it returns stops it. */
  startTool(command: keyof typeof tools, ...args: string[]): Promise<() => Promise<void>>
  /** Ends the broker in order, by force after 10 s; returns when its process is gone. Its data stays. */
  stop(): Promise<void>
  /** Starts it again after a stop: same address, same data. Does nothing where it runs. */
  start(): Promise<void>
}

/** Starts Apache Kafka as one KRaft server on 127.0.0.1 and returns when it answers a client. */
export async function startKafka(options: KafkaOptions): Promise<Broker> {
  await requireJava()
  const libraries = await fetchLibraries(options)
  await mkdir(options.dir, { recursive: true })
  const { address, ports, ...launched } = await launch(libraries, options)
  let { server } = launched
  const brokers = [address]
  const addresses = Object.fromEntries(
    Object.entries(ports.extra).map(([name, port]) => [name, `127.0.0.1:${String(port)}`]),
  )

  return {
    brokers,
    addresses,
    get pid() {
      return server.pid
    },
    createTopics: (topics) => createTopics(brokers, topics),
    tools: (command, ...args) => runTool(libraries, tools[command], ['--bootstrap-server', address, ...args]),
    toolCommand: (command) => ['java', ...javaArguments(libraries, tools[command], [])],
    async startTool(command, ...args) {
      const program = javaArguments(libraries, tools[command], ['--bootstrap-server', address, ...args])
      const child = await spawnBound('java', program, { stdio: 'ignore' })
      return () => terminate(child, stopGraceMs)
    },
    stop: () => terminate(server, stopGraceMs),
    async start() {
      if (!isRunning(server)) ({ server } = await launchOn(ports, libraries, options))
    },
  }
}

interface Launched {
  server: BoundProcess
  address: string
  ports: Listeners
}

/** Starts the server, once more with other ports when somebody took a free one before Kafka did. */
async function launch(libraries: string, options: KafkaOptions): Promise<Launched> {
  for (let attempt = 1; ; attempt += 1) {
    const names = (options.listeners ?? []).map(({ name }) => name)
    const [free = 0, controller = 0, ...others] = await freePorts(2 + names.length)
    const extra = Object.fromEntries(names.map((name, index) => [name, others[index] ?? 0]))
    const ports = { broker: options.port ?? free, controller, extra }
    try {
      return await launchOn(ports, libraries, options)
    } catch (error) {
      if (!(error instanceof PortTakenError)) throw error
      if (attempt === portAttempts || options.port !== undefined)
        throw new UserError(error.message, 'End the program that uses the port, or choose another one.', {
          cause: error,
        })
    }
  }
}

class PortTakenError extends Error {
  override readonly name = 'PortTakenError'
}

async function launchOn(ports: Listeners, libraries: string, options: KafkaOptions): Promise<Launched> {
  const { dir, signal } = options
  const configuration = join(dir, 'server.properties')
  const data = join(dir, 'data')
  await writeFile(configuration, serverProperties(data, ports, options.listeners, options.settings))
  const clusterId = await format(data, configuration, libraries, signal)

  const logPath = join(dir, 'broker.log')
  await using output = await open(logPath, 'w')
  const server = await spawnBound('java', javaArguments(libraries, 'kafka.Kafka', [configuration]), {
    stdio: ['ignore', output.fd, output.fd],
  })
  const address = `127.0.0.1:${String(ports.broker)}`
  try {
    await untilReady(address, clusterId, server, signal)
  } catch (error) {
    await terminate(server, stopGraceMs)
    throw signal?.aborted ? error : await explained(error, logPath, ports)
  }
  return { server, address, ports }
}

/** Prepares the data folder, unless it was used before; returns the cluster's id. */
async function format(
  data: string,
  configuration: string,
  libraries: string,
  signal?: AbortSignal,
): Promise<string> {
  const identity = join(data, 'meta.properties')
  if (!existsSync(identity)) {
    // With an equals sign: an id may begin with a dash.
    const args = ['format', `--cluster-id=${randomBytes(16).toString('base64url')}`, '-c', configuration]
    await runTool(libraries, 'kafka.tools.StorageTool', args, signal)
  }
  const id = /^cluster\.id=(.+)$/m.exec(await readFile(identity, 'utf8'))?.[1]
  if (id === undefined) throw new Error(`${identity} holds no cluster.id`)
  return id
}

/** Asks until the broker is in its own metadata and consumers can join groups. */
async function untilReady(
  address: string,
  clusterId: string,
  server: ChildProcess,
  signal?: AbortSignal,
): Promise<void> {
  const deadline = AbortSignal.timeout(startDeadlineMs)
  while (!(await answers(address, clusterId))) {
    signal?.throwIfAborted()
    if (!isRunning(server)) throw new Error('Kafka ended while it started.')
    if (deadline.aborted) throw new Error(`Kafka did not answer within ${String(startDeadlineMs / 1000)} s.`)
    await delay(askEveryMs, undefined, { signal })
  }
}

async function answers(address: string, clusterId: string): Promise<boolean> {
  const admin = administrator([address], { retry: { retries: 0 }, requestTimeout: answerTimeoutMs })
  try {
    await admin.connect()
    const cluster = await admin.describeCluster()
    if (cluster.brokers.length === 0 || cluster.clusterId !== clusterId) return false
    await admin.describeGroups(['rehearsal']) // makes the topic for groups, which else delays the first consumer
    return true
  } catch {
    return false // not yet: the caller knows whether the process lives and when to give up
  } finally {
    await admin.disconnect()
  }
}

async function createTopics(brokers: string[], topics: ITopicConfig[]): Promise<void> {
  const admin = administrator(brokers)
  try {
    await admin.connect()
    await admin.createTopics({ topics, waitForLeaders: true })
  } finally {
    await admin.disconnect()
  }
}

function administrator(brokers: string[], options: Partial<KafkaConfig> = {}): Admin {
  return kafkaClient({ clientId: 'rehearsal', brokers, logLevel: logLevel.NOTHING, ...options }).admin()
}

/** Adds the end of the broker's own log, where the reason usually stands. */
async function explained(error: unknown, logPath: string, ports: Listeners): Promise<Error> {
  const log = await readFile(logPath, 'utf8')
  if (log.includes('Address already in use'))
    return new PortTakenError(
      `Port ${String(ports.broker)} or ${String(ports.controller)} of 127.0.0.1 is in use.`,
    )
  const tail = log.trimEnd().split('\n').slice(-15).join('\n')
  return new Error(`${messageOf(error)} The end of ${logPath}:\n${tail}`, { cause: error })
}
