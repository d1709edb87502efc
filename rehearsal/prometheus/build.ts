import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { buildGoProgram, type BuildOptions } from '../toolchain/go-program.ts'

/**
 * Path of the real Prometheus server, without its web pages and with the one way of discovery that the rehearsal uses.
 *
 * @throws UserError where Go does not run or the module cannot be fetched
 */
export async function buildPrometheus(options: BuildOptions = {}): Promise<string> {
  return buildGoProgram(
    {
      name: 'prometheus',
      title: 'Prometheus',
      module: 'github.com/prometheus/prometheus',
      version: 'v0.316.0',
      package: './cmd/prometheus',
      // go.mod names modules that only other parts of the repository need, and go.sum lacks them.
      flags: ['-mod=mod', '-tags', 'netgo,remove_all_sd,enable_kubernetes_sd'],
      takes: 'two to three minutes',
    },
    options,
  )
}

/**
 * Path of the real Alertmanager, without its web pages.
 *
 * @throws UserError where Go does not run or the module cannot be fetched
 */
export async function buildAlertmanager(options: BuildOptions = {}): Promise<string> {
  return buildGoProgram(
    {
      name: 'alertmanager',
      title: 'Alertmanager',
      module: 'github.com/prometheus/alertmanager',
      version: 'v0.35.0',
      package: './cmd/alertmanager',
      flags: ['-mod=mod', '-tags', 'netgo'],
      takes: 'about two minutes',
      change: { key: 'no pages', apply: leavePagesOut },
    },
    options,
  )
}

/** The program embeds its web pages, which are built by other tools and are no part of the module. */
async function leavePagesOut(source: string): Promise<void> {
  for (const page of ['elm', 'mantine']) {
    const file = join(source, 'ui/app/dist', page, 'index.html')
    await mkdir(dirname(file), { recursive: true })
    await writeFile(file, 'The pages are not built here; the API is.\n')
  }
}
