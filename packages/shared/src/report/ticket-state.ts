import type { Outcome } from '../decide/outcome.ts'
import { asTold } from '../record/as-told.ts'
import { watchStages, type DeploymentRecord, type Phase } from '../record/schema.ts'
import { goesBack } from '../record/going-back.ts'
import { isLive } from '../record/watch.ts'
import type { Runbook } from '../runbook/schema.ts'
import { asFound } from './as-found.ts'
import { waitForRollback } from './goes-back.ts'
import { inline, link } from './markdown.ts'
import { formatDateTime, formatTime } from './numbers.ts'
import type { TicketStory } from './ticket-story.ts'

/** How things stand, for the first lines of a ticket. */
export interface Standing {
  readonly sign: string
  /** The state of the environment. Markdown. */
  readonly state: string
  /** What the reader must do. Markdown. */
  readonly action: string
  /** Why it did not pass. Plain text. */
  readonly why?: string
  /** How it ended badly; undefined where all is well. */
  readonly bad?: Outcome
}

/** The phases that are over before anything is written. */
const beforeWriting: ReadonlySet<string> = new Set(['plan', 'preflight', 'approve', 're-check'])

const watching: ReadonlySet<string> = new Set(watchStages)

/** The phase that tells how the environment stands: what `finish` did afterwards changes nothing there. */
export function tellingPhase({ phases }: DeploymentRecord): Phase | undefined {
  return phases.findLast(({ phase }) => phase !== 'finish')
}

/** How the environment stands, and what to do. */
export function standingOf(story: TicketStory, runbook: Runbook): Standing {
  const { record, staging, stopped } = story
  const stagingEnd = staging === undefined ? undefined : tellingPhase(staging)
  if (stagingEnd !== undefined && stagingEnd.outcome !== 'passed') return inStaging(record, stagingEnd)
  const last = tellingPhase(record)
  if (last !== undefined && last.outcome !== 'passed') return ended(record, last, runbook)
  if (stopped !== undefined && !isLive(record)) return interrupted(record, last, stopped)
  return underWay(record, last, runbook)
}

/** How a deployment ended, in the first lines that its ticket has, too. Markdown. */
export function standingLines(given: TicketStory, runbook: Runbook): string {
  const story = { ...given, record: asTold(given.record) }
  return stateLines(story, runbook, standingOf(story, runbook))
}

/** The first lines: the state of the environment, what to do and until when, and since when that is so. */
export function stateLines(story: TicketStory, runbook: Runbook, standing: Standing): string {
  const { record, staging } = story
  const at = tellingPhase(staging ?? record)?.endedAt ?? record.openedAt
  const { sign, state, action, why } = standing
  return [
    `## ${sign} ${state}`,
    `**Do:** ${action}`,
    [
      `Since ${formatDateTime(new Date(at), runbook.window.timeZone)}`,
      inline(record.class),
      link(record.run.attempt === '1' ? 'run' : `run, attempt ${record.run.attempt}`, record.run.url),
    ].join(' · '),
    ...(why === undefined ? [] : ['', `**Why:** ${inline(why)}`]),
  ].join('\n')
}

function inStaging(record: DeploymentRecord, { outcome, reason }: Phase): Standing {
  return {
    sign: '🟥',
    state: `${inline(record.environment)} ${inline(asFound(record).state)}: ${inline(record.version)} ${outcome} in staging`,
    action: 'mend the cause and tag a new version. Staging is left as it is, to be looked at.',
    why: reason,
    bad: outcome,
  }
}

function ended(
  record: DeploymentRecord,
  { phase, outcome, reason, verdict }: Phase,
  runbook: Runbook,
): Standing {
  const [environment, version] = [inline(record.environment), inline(record.version)]
  const bad = { sign: '🟥', why: reason, bad: outcome }
  if (record.rejection !== undefined && phase === 'approve') {
    const { by } = record.rejection
    return {
      ...bad,
      state: `@${inline(by)} rejected ${version}: ${environment} ${inline(asFound(record).state)}`,
      action: 'mend what was objected to and tag a new version. This ticket is closed.',
    }
  }
  const isGoingBack = goesBack(record, runbook)
  if (outcome === 'rolled-back') {
    const again =
      record.configuration === undefined
        ? 'mend the cause and tag a new version.'
        : 'mend the values, then start the change again.'
    const back = inline(record.rollback?.version ?? record.from?.version ?? 'what ran before')
    return {
      ...bad,
      ...(record.rollback !== undefined && { why: `${record.rollback.reason}. ${reason}` }),
      sign: '🟧',
      state: `${environment} is back on ${back}: ${version} was rolled back`,
      action: again,
    }
  }
  if (phase === 'rollback' && outcome === 'blocked') {
    return {
      ...bad,
      state: `${environment} is not taken back from ${version}: its rollback is blocked`,
      action:
        'act now: where another run goes back, look at that one; else decide as the summary of the rollback says.',
    }
  }
  if (phase === 'rollback' || outcome === 'rollback-failed') {
    return {
      ...bad,
      state: `${environment} is not well: the rollback of ${version} ${outcome === 'cancelled' ? 'was stopped' : 'failed'}`,
      action:
        'act now: read why, then start the workflow Rollback: it can be run again and goes on where it stopped.',
    }
  }
  if (beforeWriting.has(phase)) {
    const { state, action } = asFound(record)
    return {
      ...bad,
      state: `${environment} ${inline(state)}: ${version} ${outcome === 'blocked' ? 'is blocked' : outcome} at ${phase}`,
      action,
    }
  }
  if (outcome === 'blocked' && phase !== 'rollout') {
    const { state, action } = asFound(record)
    return { ...bad, state: `${environment} ${inline(state)}: ${version} is blocked at ${phase}`, action }
  }
  if (outcome === 'triggered') {
    return {
      ...bad,
      state: `${environment} runs ${version}: it must go back`,
      action: isGoingBack ? goingBack(record) : 'go back now, as told below.',
    }
  }
  if (phase === 'validate' || watching.has(phase)) {
    if (outcome === 'cancelled') {
      return {
        ...bad,
        state: `${environment} runs ${version}: it is not watched any more`,
        action: isGoingBack ? goingBack(record) : 'run the job again to watch on, or go back as told below.',
      }
    }
    const isHeld = outcome === 'held'
    return {
      ...bad,
      sign: isHeld ? '🟨' : '🟥',
      state: `${environment} runs ${version}: ${isHeld ? whyHeld(verdict) : 'something is wrong'}`,
      action: isGoingBack ? goingBack(record) : 'read the answers below, then decide whether to go back.',
    }
  }
  if (phase === 'resume' && outcome === 'held') {
    return {
      ...bad,
      state: `${environment} ${mixture(record)}: ${version} is frozen`,
      action: 'read why, then decide: go back as told below, or re-run the failed jobs of the run.',
    }
  }
  return {
    ...bad,
    state: `${environment} ${mixture(record)}: ${version} ${outcome === 'cancelled' ? 'was cancelled' : outcome} at ${phase}`,
    action:
      record.snapshot === undefined
        ? asFound(record).action
        : isGoingBack
          ? goingBack(record)
          : 'decide now: go back as told below, or mend the cause and re-run the failed jobs.',
  }
}

/** Once nothing more will come, the job that goes back has come to no end, or there was none. */
function goingBack({ closedAt }: DeploymentRecord): string {
  return closedAt === undefined
    ? waitForRollback
    : 'act now: nothing says that it was taken back. Start the workflow Rollback: what was begun goes on where it stopped.'
}

function whyHeld(verdict: Phase['verdict']): string {
  return verdict === 'fail' ? 'a limit is broken' : 'not everything could be shown'
}

/** What a rollout that did not end well leaves. The snapshot is taken right before the first write. */
function mixture(record: DeploymentRecord): string {
  const { snapshot, deployed } = record
  if (snapshot === undefined) return inline(asFound(record).state)
  return deployed.length > 0 ? 'runs two versions' : 'may run two versions'
}

function interrupted(
  record: DeploymentRecord,
  last: Phase | undefined,
  stopped: 'failed' | 'cancelled',
): Standing {
  const environment = inline(record.environment)
  const after = last?.phase ?? 'plan'
  const what = `${inline(record.version)} ${stopped === 'cancelled' ? 'was cancelled' : 'stopped'} after ${after}`
  const bad = { sign: '🟥', bad: stopped }
  // An approval is the last that is known where neither job of production lived to hand anything on.
  if (after === 're-check' || after === 'resume' || (after === 'approve' && record.closedAt !== undefined)) {
    const isOver = record.closedAt !== undefined || after === 'resume'
    return {
      ...bad,
      state: `${environment} may run two versions: ${what}`,
      action: `${isOver ? 'look' : 'see the job "Resume", which goes on or says how it stands; without one look'} at the run and at the pods, then decide whether to go back.`,
    }
  }
  return beforeWriting.has(after)
    ? {
        ...bad,
        state: `${environment} ${inline(asFound(record).state)}: ${what}`,
        action: 'see the run for the cause, then run it again.',
      }
    : {
        ...bad,
        state: `${environment} was changed and not validated: ${what}`,
        action: 'see the run for the cause; go back as told below if users are affected.',
      }
}

function underWay(record: DeploymentRecord, last: Phase | undefined, runbook: Runbook): Standing {
  const [environment, version] = [inline(record.environment), inline(record.version)]
  const before = inline(record.from?.version ?? 'what ran before')
  switch (last?.phase) {
    case 'preflight': {
      const until = new Date(Date.parse(last.endedAt) + runbook.evidence.timeToLive)
      return {
        sign: '⏳',
        state: `${environment} runs ${before}: ${version} waits for its approval`,
        action: `whoever approves for ${inline(record.approval)}: read on, then approve or reject in the run, until ${formatTime(until, runbook.window.timeZone)}.`,
      }
    }
    case 'approve':
    case 're-check':
    case 'resume':
      return {
        sign: '⏳',
        state: `${environment} is being changed from ${before} to ${version}`,
        action: 'nothing: it is approved and rolled out now.',
      }
    case 'rollout':
      return {
        sign: '⏳',
        state: `${environment} runs ${version}: it is validated now`,
        action: 'nothing yet.',
      }
    case 'validate':
    case 'critical':
      return watched(record, runbook)
    case 'important':
      return { sign: '✅', state: `${version} is live in ${environment}`, action: 'nothing.' }
    default:
      return {
        sign: '📋',
        state: `${environment} runs ${before}: ${version} is on its way`,
        action: `nothing yet: after staging and preflight, ${inline(record.approval)} is asked.`,
      }
  }
}

const wrongIn = {
  breached: 'a limit is broken',
  missing: 'not everything is known',
  undecided: 'a limit is reached, perhaps by chance',
} as const

/** While it is watched: until when, and what is wrong meanwhile. */
function watched({ environment, version, watch }: DeploymentRecord, runbook: Runbook): Standing {
  const state = `${inline(environment)} runs ${inline(version)}: it is watched`
  if (watch === undefined) return { sign: '⏳', state: `${state} now`, action: 'nothing yet.' }
  const until = `${state} until ${formatTime(new Date(watch.until), runbook.window.timeZone)}`
  const open = watch.troubles.filter((trouble) => trouble.until === undefined)
  const [first] = open
  if (first === undefined) return { sign: '⏳', state: until, action: 'nothing yet.' }
  // What may be chance has until the end of the watch, and a hold more, to show which it is.
  const ends = new Date(
    Date.parse(first.kind === 'undecided' ? watch.until : first.since) + runbook.watch.hold,
  )
  return {
    sign: '🟨',
    state: `${until}, and ${wrongIn[first.kind]}`,
    action: `look at it: unless it heals by ${formatTime(ends, runbook.window.timeZone)}, it is held for you to decide.`,
    why: open.map(({ gate, answer }) => `${gate}: ${answer}`).join(' '),
  }
}
