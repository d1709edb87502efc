import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { startServer, type ServerProcess } from './server-process.ts'

/** An alert that a scenario fires lasts until it is resolved; this only has to be longer than a rehearsal. */
const lastsMs = 24 * 60 * 60 * 1000

export interface AlertmanagerOptions {
  readonly binary: string
  /** Holds configuration, data and alertmanager.log. */
  readonly dir: string
}

export interface Alertmanager extends ServerProcess {
  /** Fires an alert as Prometheus would, with `alertname` among its labels. It is lost where Alertmanager restarts. */
  fire(labels: AlertLabels): Promise<void>
  /** Resolves every alert that `fire` has fired. */
  resolveAll(): Promise<void>
}

export type AlertLabels = Readonly<Record<string, string>> & { readonly alertname: string }

/** Starts Alertmanager on 127.0.0.1, alone and notifying nobody, and returns when it is ready. */
export async function startAlertmanager({ binary, dir }: AlertmanagerOptions): Promise<Alertmanager> {
  await mkdir(dir, { recursive: true })
  const configuration = join(dir, 'alertmanager.yml')
  await writeFile(
    configuration,
    stringify({ route: { receiver: 'nobody' }, receivers: [{ name: 'nobody' }] }),
  )
  const server = await startServer({
    name: 'alertmanager',
    binary,
    dir,
    args: (address) => [
      `--config.file=${configuration}`,
      `--storage.path=${join(dir, 'data')}`,
      `--web.listen-address=${address}`,
      '--cluster.listen-address=',
    ],
  })
  const fired: AlertLabels[] = []
  const post = async (alerts: readonly object[]): Promise<void> => {
    const response = await fetch(`${server.url}/api/v2/alerts`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(alerts),
    })
    if (!response.ok) throw new Error(`Alertmanager refused: ${response.status} ${await response.text()}`)
  }
  return {
    ...server,
    async fire(labels) {
      const now = Date.now()
      // Without a start, Alertmanager would take the end for it.
      const [startsAt, endsAt] = [now, now + lastsMs].map((time) => new Date(time).toISOString())
      await post([{ labels, startsAt, endsAt }])
      fired.push(labels)
    },
    async resolveAll() {
      const endsAt = new Date().toISOString()
      if (fired.length > 0) await post(fired.map((labels) => ({ labels, endsAt })))
      fired.length = 0
    },
  }
}
