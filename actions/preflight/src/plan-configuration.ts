import type { PhaseResult } from '@runbook-actions/shared/action/phase.ts'
import { holdsCredential, namesSecret } from '@runbook-actions/shared/action/secret-shapes.ts'
import { scaledComponents } from '@runbook-actions/shared/cluster/autoscaler.ts'
import {
  configMapOf,
  planConfiguration,
  type ConfigurationPlan,
  type ConfigurationRequest,
} from '@runbook-actions/shared/cluster/configuration/plan-configuration.ts'
import type { Data } from '@runbook-actions/shared/cluster/configuration/content-digest.ts'
import { wantedData } from '@runbook-actions/shared/cluster/configuration/source.ts'
import { UserError } from '@runbook-actions/shared/errors.ts'
import { beginPhase } from '@runbook-actions/shared/record/phase-timer.ts'
import { clip } from '@runbook-actions/shared/report/clip.ts'
import type { SummaryPart } from '@runbook-actions/shared/report/fit-summary.ts'
import { cell, code, inline, table } from '@runbook-actions/shared/report/markdown.ts'
import { comingHolidays } from '@runbook-actions/shared/runbook/holidays.ts'
import type { Runbook } from '@runbook-actions/shared/runbook/schema.ts'
import type { PlanPorts } from './plan.ts'

export interface ConfigurationPlanPorts extends PlanPorts {
  /** Hides what is known to be secret. */
  readonly redact: (text: string) => string
}

export interface PlannedConfiguration extends PhaseResult {
  /** Whether there is anything to do. */
  readonly isNeeded: boolean
}

/**
 * Decides what a configuration change is and opens its record. It reads and changes nothing. Where the ConfigMap says so
 * already, that is said, and nothing is to follow.
 *
 * @throws UserError where it cannot be planned, or the ConfigMap does not exist
 */
export async function planConfigurationChange(
  runbook: Runbook,
  request: ConfigurationRequest,
  { cluster, store, calendar, clock, redact, signal }: ConfigurationPlanPorts,
): Promise<PlannedConfiguration> {
  const phase = beginPhase('plan', clock)
  const { window } = runbook
  const holidays =
    window.holidays === undefined ? undefined : comingHolidays(window, clock.now(), await calendar())
  const name = configMapOf(runbook)
  const [memory, states, live] = await Promise.all([
    store.load(signal),
    scaledComponents(
      cluster,
      runbook.components.map(({ deployment }) => deployment),
      signal,
    ),
    cluster.configMap(name, signal),
  ])
  if (live === undefined) {
    throw new UserError(
      `There is no ConfigMap ${name} in ${cluster.namespace}.`,
      'Make it as the pipeline was set up; a configuration change only changes one.',
    )
  }
  const planned = planConfiguration(runbook, request, memory, states, live.data, clock.now())
  const record = { ...planned.record, ...(holidays !== undefined && { holidays }) }
  const { environment, configuration } = record
  const wanted = wantedData(request.source, live.data)
  const reason = planned.isNeeded
    ? `${configuration.changes.length} of ${Object.keys(wanted).length} keys of ${name} change in ${environment}, and ${record.plan.length} components are restarted.`
    : `${name} in ${environment} says so already: nothing is changed, and nothing is restarted.`
  return {
    outcome: 'passed',
    reason,
    record: phase.end(record, { outcome: 'passed', reason }),
    isNeeded: planned.isNeeded,
    summary: summary(planned, reason, {
      risk: runbook.changes.configuration.risk,
      value: (key, of) => shownValue(key, of === 'before' ? live.data[key] : wanted[key], redact),
    }),
  }
}

const maxValueLength = 60

/** A value for the approver's eyes; never one that looks secret. */
export function shownValue(
  key: string,
  value: Data[string] | undefined,
  redact: (text: string) => string,
): string {
  if (value === undefined) return '–'
  if (namesSecret(key) || holdsCredential(value) || redact(value) !== value) return 'hidden'
  const lines = value.split('\n')
  if (lines.length > 1) return `${lines.length} lines`
  return value === '' ? 'empty' : code(clip(value, maxValueLength))
}

interface Shown {
  readonly risk: string
  /** Markdown. */
  readonly value: (key: string, of: 'before' | 'after') => string
}

function summary(
  { record, isNeeded }: ConfigurationPlan,
  reason: string,
  { risk, value }: Shown,
): SummaryPart[] {
  const { environment, version, plan, approval, run, configuration } = record
  const { configMap, changes } = configuration
  if (!isNeeded) {
    const markdown = `## ✅ ${inline(environment)} has this configuration already\n**Do:** nothing. ${inline(reason)}`
    return [{ kind: 'decision', markdown }]
  }
  const lines = [
    `## 📋 A new configuration for ${inline(version)} on ${inline(environment)}`,
    `**Do:** nothing yet. ${inline(approval)} is asked after preflight.`,
    `configuration change of ${code(configMap)} · risk ${inline(risk)} · by @${inline(run.actor)}`,
  ]
  const rows = changes.map(({ key, change }) => [
    code(key),
    cell(change),
    value(key, 'before'),
    value(key, 'after'),
  ])
  const keys = table(
    ['Key', 'Change', 'Now', 'Then'].map((title) => ({ title })),
    rows,
  )
  const restarts = table(
    [{ title: 'Restarted, in this order' }, { title: 'Pods', align: 'right' as const }, { title: 'How' }],
    plan.map(({ deployment, replicas, strategy }) => [
      cell(deployment),
      cell(String(replicas)),
      cell(strategy),
    ]),
  )
  return [lines.join('\n'), keys, restarts].map((markdown) => ({ kind: 'decision', markdown }))
}
