import { readFile } from 'node:fs/promises'
import type { Cluster } from '../cluster/cluster.ts'
import type { Jobs } from '../cluster/jobs/jobs.ts'
import { UserError } from '../errors.ts'
import type { Sources } from '../gates/sources.ts'
import type { Forge } from '../github/forge.ts'
import { GrafanaDashboards } from '../metrics/grafana-dashboards.ts'
import { MonitoringAlerts } from '../metrics/monitoring-alerts.ts'
import { monitoringConnections } from '../metrics/monitoring-connections.ts'
import type { Runbook } from '../runbook/schema.ts'
import { connectLag } from './lag-connection.ts'
import { metricsConnection } from './metrics-connection.ts'
import { connectRegistry } from './registry-connection.ts'
import type { ActionContext } from './run.ts'

type Context = Pick<ActionContext<unknown, never>, 'log' | 'clock' | 'variables' | 'mask' | 'redact'>

/** The sources of an environment, to be closed at the end. */
export interface SourceConnections {
  readonly sources: Sources
  readonly close: () => Promise<void>
}

/**
 * Connects what gates measure with. Nothing is loaded or dialled before a gate asks: an action that needs no broker
 * does not pay for one, and a variable that is missing makes only the gates that need it `unknown`.
 */
export function connectSources(
  runbook: Runbook,
  { cluster, jobs }: { readonly cluster: Cluster; readonly jobs: Jobs },
  forge: Forge | undefined,
  context: Context,
): SourceConnections {
  const { log, clock, variables, mask } = context
  const registry = connectRegistry(context)
  const monitoring = monitoringConnections(runbook, { cluster, variables, clock, log, mask })
  const dashboards = new GrafanaDashboards(runbook, context)
  const lag = connectLag(runbook, { jobs, prometheus: monitoring.prometheus }, context)
  const sources: Sources = {
    cluster,
    lag,
    metrics: metricsConnection(runbook, cluster, monitoring, { clock, log }),
    alerts: new MonitoringAlerts(monitoring),
    dashboards,
    registry,
    forge,
    files: { read: readReleaseFile },
    commands: {
      run: async (command, facts, signal) => {
        // A file of its own in the bundle: most runs have no command.
        const { runCommand } = await import('./run-command.ts')
        return runCommand(command, facts, signal, context)
      },
    },
    clock,
  }
  return {
    sources,
    close: async () => {
      await Promise.all([lag.close(), monitoring.close(), dashboards.close(), registry.close()])
    },
  }
}

async function readReleaseFile(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (cause) {
    throw new UserError(
      `The file ${path} of the release cannot be read.`,
      'Check the repository out in a step before this one; the path is relative to its root.',
      { cause },
    )
  }
}
