import { sureAtEveryLook, sureOnce, type FractionRules } from '../decide/judge-fraction.ts'
import { UserError } from '../errors.ts'
import { QueryRejected } from '../metrics/explain-monitoring.ts'
import type { Span } from '../metrics/metrics.ts'
import { lastPhase } from '../record/append.ts'
import { watchStages, type WatchStage } from '../record/schema.ts'
import { humanDuration } from '../runbook/durations.ts'
import { environmentOf } from '../runbook/environments.ts'
import type { Runbook } from '../runbook/schema.ts'
import type { GateContext, Occasion } from './gate.ts'

/** The last part of a watched time that is also judged by itself, where the runbook file names no rate window. */
const defaultRecentMs = 5 * 60_000
/** Without a Prometheus section: as its default. */
const defaultCoverage = 0.8
/** A look that waits for its source longer would keep the other gates' triggers waiting. */
const shortestLookMs = 5_000
/** What an answer may take beyond the time that its source is given. */
const marginMs = 5_000

export function isWatched(occasion: Occasion): occasion is WatchStage {
  return watchStages.some((stage) => stage === occasion)
}

/** The time that a metric is judged over: the baseline before the deployment, or the watched time so far. */
export function spanOf({ runbook, occasion, since, clock }: GateContext<never>): Span {
  const to = clock.now()
  if (isWatched(occasion)) return { from: since ?? to, to }
  return { from: new Date(to.getTime() - runbook.watch.baseline), to }
}

/** When the deployment began to change what is measured. */
export function rolloutBegan({ record }: Pick<GateContext<never>, 'record'>): Date {
  return new Date(lastPhase(record, 'rollout')?.startedAt ?? record.openedAt)
}

/** How a metric is judged on an occasion. */
export function judging({
  runbook,
  record,
  occasion,
}: Pick<GateContext<never>, 'runbook' | 'record' | 'occasion'>): Pick<
  FractionRules,
  'recentMs' | 'coverage' | 'plannedMs' | 'sure'
> {
  const { prometheus, watch } = runbook
  const watched = isWatched(occasion)
  return {
    recentMs: watched ? (prometheus?.rateWindow ?? defaultRecentMs) : watch.baseline,
    coverage: prometheus?.coverage ?? defaultCoverage,
    plannedMs: plannedMs(runbook, record.environment, occasion),
    sure: watched ? sureAtEveryLook : sureOnce,
  }
}

function plannedMs(runbook: Runbook, environment: string, occasion: Occasion): number {
  if (!isWatched(occasion)) return 0
  return occasion === 'soak' ? environmentOf(runbook, environment).soak : runbook.watch[occasion].for
}

/** How long a gate that asks for metrics may take: as long as its source is asked again. */
export function metricPatienceMs({ prometheus }: Runbook): number | undefined {
  return prometheus && prometheus.retryFor + prometheus.timeout + marginMs
}

/**
 * Asks a source within the time of one look: in a watch the next look asks again, so that this one does not keep the
 * triggers of other gates waiting.
 */
export async function inOneLook<T>(
  { runbook, occasion, metrics }: GateContext<'metrics'>,
  signal: AbortSignal,
  ask: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  if (!isWatched(occasion)) return ask(signal)
  const lookMs = Math.max(shortestLookMs, runbook.watch.every)
  const over = new AbortController()
  const timer = setTimeout(() => {
    over.abort(
      new UserError(
        `${metrics.source} gave no answer within ${humanDuration(lookMs)}, the time of one look.`,
      ),
    )
  }, lookMs)
  try {
    return await ask(AbortSignal.any([signal, over.signal]))
  } finally {
    clearTimeout(timer)
  }
}

/** Says which key of the runbook file holds what the source does not accept. */
export async function underKey<T>(key: string, asking: Promise<T>): Promise<T> {
  try {
    return await asking
  } catch (error) {
    if (!(error instanceof QueryRejected)) throw error
    throw new UserError(
      `\`${key}\` in the runbook file is not accepted: ${error.message}`,
      'Mend it: what the source says of it stands above.',
      { cause: error },
    )
  }
}

/** Nothing of that name was ever measured: an error in the runbook file. */
export function matchesNothing(key: string, name: string, source: string, more = ''): UserError {
  return new UserError(
    `\`${key}\` in the runbook file matches nothing: ${source} knows no series \`${name}\` of the pipeline’s pods.`,
    `Mend the name and its labels${more}, or switch the gate off (\`mode: off\`).`,
  )
}
