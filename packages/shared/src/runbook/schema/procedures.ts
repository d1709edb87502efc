import * as z from 'zod'
import { count, dnsName, duration, filePath, pattern, percentage, share, text } from '../fields.ts'
import { section } from '../section.ts'
import { WATCHED_GATES, type WatchedGate } from './names.ts'

/** The configuration of the pipeline and how a change of it is verified. */
export const config = section({
  'config-map': dnsName('kafka-pipeline-config')
    .optional()
    .describe('ConfigMap that a configuration change edits. Without it there are no configuration changes.'),
  manifest: filePath('config/kafka-pipeline-config.yaml').optional().describe('File that holds the ConfigMap.'),
  'verify-env': z
    .array(text('the beginning of a variable name, such as KAFKA_'))
    .prefault(['KAFKA_'])
    .describe(
      'Variables with these beginnings must have the new values in the running pods, like those and the files of the keys that change. Empty: no pod is asked.',
    ),
  'log-lines': count(1).prefault(100).describe('Lines of each pod that are searched after the restart.'),
  'log-patterns': z
    .array(pattern)
    .prefault(['config.*error', 'error.*config', '\\berror\\b'])
    .describe('Lines that match one of these are errors. Case does not matter.'),
})

function phase(hold: string, gates: WatchedGate[], what: string) {
  return section({
    for: duration.prefault(hold).describe('How long.'),
    gates: z.array(z.enum(WATCHED_GATES)).min(1).prefault(gates).describe('Which gates.'),
  })
    .prefault({})
    .describe(what)
}

/** How long production is watched after the rollout. */
export const watch = section({
  critical: phase('15m', ['consumer-lag', 'error-rate', 'latency-p95', 'restarts'], 'Critical metrics.'),
  important: phase(
    '1h',
    ['download-success', 'upload-latency', 'retry-rate', 'dlq-rate', 'circuit-breaker'],
    'Important metrics.',
  ),
  every: duration.prefault('30s').describe('Time between two looks.'),
  baseline: duration.prefault('30m').describe('Time before the deployment that is the baseline.'),
  hold: duration
    .prefault('10m')
    .describe('How long missing or thin evidence is waited for before the outcome is `held`.'),
})

/** The rolling update. */
export const rollout = section({
  deadline: duration.prefault('10m').describe('How long a Deployment may take, old pods gone included.'),
  'image-pull': duration
    .prefault('42s')
    .describe('How long an image may fail to pull before it counts; registries limit rates for moments.'),
  restarts: count(1).prefault(2).describe('Restarts of a container before a crash loop counts.'),
  unschedulable: duration.prefault('2m').describe('How long a pod may be without a node before it counts.'),
  settle: duration.prefault('10s').describe('How long all pods must stay ready without a restart at the end.'),
})

const heldFor = duration.prefault('5m').describe('For how long.')

const trigger = z.discriminatedUnion('gate', [
  section({
    gate: z.enum(['error-rate', 'retry-rate']),
    above: percentage.describe('Limit.'),
    for: heldFor,
  }),
  section({ gate: z.literal('download-success'), below: share.describe('Limit.'), for: heldFor }),
  section({
    gate: z.enum(['latency-p95', 'upload-latency']),
    above: duration.describe('Limit.'),
    for: heldFor,
  }),
  section({
    gate: z.literal('dlq-rate'),
    above: count().describe('Limit, dead letters per minute.'),
    for: heldFor,
  }),
  section({
    gate: z.literal('consumer-lag'),
    'grows-by': count(1).describe('Messages above the baseline before the deployment, and still growing.'),
  }),
  section({ gate: z.literal('restarts'), above: count().describe('Restarts since the rollout.') }),
  section({
    gate: z.literal('circuit-breaker'),
    opens: z.literal(true).describe('A breaker has opened, as `gates.circuit-breaker` defines it.'),
  }),
])

/** Going back. */
export const rollback = section({
  within: duration.prefault('5m').describe('How long a rollback may take until every pod is verified.'),
  approval: text('the name of a GitHub environment')
    .optional()
    .describe(
      'GitHub environment whose reviewers are asked before somebody goes back by rollback.yml, such as production-on-call. Absent: nobody is asked.',
    ),
  'on-cancel': z
    .enum(['leave', 'rollback'])
    .prefault('leave')
    .describe('A cancelled run: leave production as it is and say so, or roll back in a job of its own.'),
  triggers: z
    .array(trigger)
    .prefault([
      { gate: 'error-rate', above: '5%', for: '5m' },
      { gate: 'consumer-lag', 'grows-by': 10_000 },
      { gate: 'circuit-breaker', opens: true },
    ])
    .describe('What rolls a release back by itself while it is watched.'),
})

/** The database phase. Absent: the pipeline has no migrations. */
export const migrations = section({
  tool: z.enum(['alembic', 'flyway', 'custom']).describe('Migration tool.'),
  job: filePath('deployments/migrate-job.yaml').describe('Manifest of the Job that runs the tool, with the new image.'),
  backup: filePath('deployments/backup-job.yaml').describe('Manifest of the Job that backs the database up first.'),
  deadline: duration.prefault('15m').describe('How long the migration may take.'),
  'backup-deadline': duration.prefault('30m').describe('How long the backup may take.'),
  'lock-timeout': duration.prefault('5s').describe('How long a statement may wait for a lock.'),
  'statement-timeout': duration.prefault('10m').describe('How long a statement may run.'),
  'backward-compatible': z
    .array(text('a release such as v1.4.0'))
    .prefault([])
    .describe(
      'Releases after whose migrations the code right before them still runs: they may be rolled back without touching the database. Of those that staging has proven nothing need be said.',
    ),
  verify: z.array(text('a table name')).prefault([]).describe('Tables that must exist afterwards.'),
})
