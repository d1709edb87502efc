import { imageLabel } from '../record/image-reference.ts'
import type { Approval, DeploymentRecord } from '../record/schema.ts'
import { humanDuration } from '../runbook/durations.ts'
import { CHANGE_CLASSES } from '../runbook/classes.ts'
import type { Runbook } from '../runbook/schema.ts'
import { clip } from './clip.ts'
import { code, inline, link } from './markdown.ts'
import { waysBack } from './rollback-command.ts'
import { rollbackCommands } from './ticket-rollback.ts'

/** Around the deployment, so that the time before it can be compared. */
const dashboardMarginMs = 60 * 60_000

/** What the runbook says of the record's class. */
export function rulesOf({ class: name }: DeploymentRecord, { changes }: Runbook) {
  const known = CHANGE_CLASSES.find((candidate) => candidate === name)
  return known === undefined ? undefined : changes[known]
}

/** Version, Type and Scope of the runbook's ticket. */
export function headSection({ version, from, commit, class: name, plan }: DeploymentRecord): string {
  const scope = plan.map(({ deployment }) => deployment).join(', ')
  return [
    `**Version**: ${inline(version)} over ${inline(from?.version ?? 'what ran before')}, commit ${code(commit.slice(0, 12))}`,
    `**Type**: ${inline(typeOf(name))}`,
    `**Scope**: ${inline(scope)}`,
  ].join('\n')
}

function typeOf(name: string): string {
  return name === 'hotfix'
    ? 'Emergency hotfix'
    : `${name.slice(0, 1).toUpperCase()}${name.slice(1)} ${name === 'configuration' ? 'change' : 'release'}`
}

/** The class's risk and the facts that bear on it. */
export function riskSection(record: DeploymentRecord, runbook: Runbook): string {
  const risk = rulesOf(record, runbook)?.risk ?? 'not known'
  const changing = record.plan.filter(({ from, to, restartedAt }) => from !== to || restartedAt !== undefined)
  const components = changing.map(({ deployment, from, to, restartedAt }) =>
    restartedAt === undefined
      ? `  - ${inline(deployment)}: ${code(imageLabel(from))} to ${code(imageLabel(to, from))}`
      : `  - ${inline(deployment)}: restarted on ${code(imageLabel(to))}`,
  )
  const { migrations } = runbook
  return [
    `**Risk Assessment**: ${inline(`${risk.slice(0, 1).toUpperCase()}${risk.slice(1)}`)}`,
    '',
    `- ${changing.length} of ${runbook.components.length} components change${changing.length === 0 ? '' : ':'}`,
    ...components,
    migrations === undefined
      ? '- No schema changes: the runbook declares no migrations'
      : `- Schema: the runbook declares migrations by ${inline(migrations.tool)}`,
    `- Strategy: ${record.strategy}`,
  ].join('\n')
}

/** Back to what ran before, by hand. */
export function rollbackSection(record: DeploymentRecord): string {
  const commands = rollbackCommands(record)
  const target = inline(record.from?.version ?? 'what ran before')
  if (commands.length === 0) return `**Rollback Plan**: none: nothing changes`
  return waysBack(record, commands, `**Rollback Plan**: back to ${target} by`)
}

/** What to look at afterwards, and where. */
export function monitoringSection(record: DeploymentRecord, runbook: Runbook): string {
  const { critical, important } = runbook.watch
  const whole = rulesOf(record, runbook)?.watch
  const spoken = (gates: readonly string[], ms: number): string =>
    `- ${gates.map((gate) => gate.replaceAll('-', ' ')).join(', ')}: ${humanDuration(ms)}`
  const boards = Object.entries(runbook.dashboards).map(
    ([name, { text, variables }]) =>
      `- ${variables.length > 0 ? inline(name) : link(name, withTimeRange(text, record))}`,
  )
  return [
    '**Monitoring Focus**:',
    '',
    spoken(critical.gates, whole ?? critical.for),
    spoken(important.gates, whole ?? important.for),
    ...boards,
  ].join('\n')
}

/** Grafana takes the time range in milliseconds. */
function withTimeRange(address: string, { openedAt, phases }: DeploymentRecord): string {
  const url = new URL(address)
  const end = phases.at(-1)?.endedAt ?? openedAt
  url.searchParams.set('from', String(Date.parse(openedAt) - dashboardMarginMs))
  url.searchParams.set('to', String(Date.parse(end) + dashboardMarginMs))
  return url.href
}

/** Who deployed, who approved, and what a person decided against a gate. */
export function peopleSection(
  { run, approvals, approval, overrides, rollback }: DeploymentRecord,
  maxText: number,
): string {
  const told = ({ by, environment, comment }: Approval): string =>
    `${person(by)} (${inline(environment)})${comment === '' ? '' : `: ${inline(clip(comment, maxText))}`}`
  const approved = approvals.map(told)
  return [
    `**Deployed By**: ${person(run.actor)}`,
    `**Approved By**: ${approved.length === 0 ? `nobody yet; ${inline(approval)} is asked` : approved.join('; ')}`,
    ...(rollback?.approval === undefined ? [] : [`**Rollback Approved By**: ${told(rollback.approval)}`]),
    ...overrides.map(
      ({ gate, by, reason }) =>
        `**Override** of ${inline(gate)} by ${person(by)}: ${inline(clip(reason, maxText))}`,
    ),
  ].join('\n')
}

/** A mention, so that they are told how it goes on; only a login can be one. */
function person(login: string): string {
  return /^[a-z\d](?:-?[a-z\d]){0,38}$/iu.test(login) ? `@${login}` : inline(login)
}
