import { once } from 'node:events'
import type { Producer } from 'kafkajs'
import { FaultClock, faultsIn, type Faults } from './faults.ts'
import { readImage } from './image.ts'
import { log } from './log.ts'
import { Registry } from './metrics.ts'
import { serve } from './server.ts'
import type { Settings } from './settings.ts'
import { readSettings } from './settings.ts'
import type { Stage } from './stage.ts'
import { createWorker } from './worker.ts'

const stopDeadlineMs = 1800

export interface Service<Message> {
  stage: Stage<Message>
  /** Work beside the stage, begun once the service is in its group; it goes on until `signal` aborts. */
  background?: (producer: Producer, signal: AbortSignal) => Promise<void>
}

/** What a service is made of, beside its settings. */
export interface Tools {
  metrics: Registry
  faults: FaultClock
}

/** Makes a service. */
export type Define<Message> = (settings: Settings, tools: Tools) => Service<Message>

/** Runs a service in this process until SIGTERM (status 0), or until it cannot go on (status 1, the reason logged). */
export function runService<Message>(define: Define<Message>): void {
  run(define).then(
    () => process.exit(0),
    (error: unknown) => {
      log.fatal(error instanceof Error ? error.message : String(error))
      process.exit(1)
    },
  )
}

async function run<Message>(define: Define<Message>): Promise<void> {
  const signal = terminationSignal()
  const image = await readImage(process.cwd())
  const settings = readSettings(process.env)
  const built = faultsIn(image.faults, settings.pod.namespace)
  const faults = new FaultClock(built)
  log.info(`${image.name} ${image.version} starts in pod ${settings.pod.name}`)
  misbehave(built)

  const metrics = new Registry({ version: image.version })
  metrics.info('app_info', 'The version that runs.', { component: image.name })
  const { stage, background } = define(settings, { metrics, faults })
  const worker = createWorker({
    clientId: settings.pod.name,
    brokers: settings.brokers,
    stage,
    metrics,
    faults,
    slowStartMs: built.slowStartMs ?? 0,
  })
  await serve(settings.pod.ip, {
    component: image.name,
    version: image.version,
    health: () => (signal.aborted ? { ...worker.health(), reason: 'is stopping' } : worker.health()),
    metrics: () => metrics.render(),
  })

  const started = worker.start(signal).then(() => {
    log.info(`reads ${stage.topic} as a member of ${stage.group}`)
  })
  const working = started.then(() => background?.(worker.producer, signal))
  try {
    await Promise.race([aborted(signal), worker.crashed, working.then(() => aborted(signal))])
  } catch (error) {
    if (!signal.aborted) throw error // what SIGTERM interrupts may end with an error
  }
  await Promise.allSettled([working]) // a consumer that is still joining could not leave its group
  await worker.stop()
  log.info('stopped')
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, 'abort')
}

/** Aborts at SIGTERM, and ends the process if what follows takes too long. */
function terminationSignal(): AbortSignal {
  const controller = new AbortController()
  process.once('SIGTERM', () => {
    log.info('SIGTERM: finishes the messages at hand')
    setTimeout(() => {
      log.warn(`not done after ${String(stopDeadlineMs)} ms: ends without leaving its group`)
      process.exit(0)
    }, stopDeadlineMs).unref()
    controller.abort()
  })
  return controller.signal
}

/** Does what the version's faults say of the start and of the end. */
function misbehave({ logs = [], logError, crash }: Faults): void {
  for (const line of logs) process.stdout.write(`${line}\n`)
  if (logError !== undefined) log.error(logError)
  if (crash === undefined) return
  const end = (): never => {
    process.stderr.write(`${crash.value}\n`)
    process.exit(1)
  }
  if (crash.afterMs === 0) end()
  setTimeout(end, crash.afterMs)
}
