import type { DiagnosisKind } from '../../record/diagnosis.ts'
import type { Evidence } from './evidence.ts'
import type { PodView } from './pod-view.ts'
import type { CommonCause, SectionName } from './runbook-sections.ts'

/** What a rule is given. */
export interface Scene {
  readonly evidence: Evidence
  readonly pods: readonly PodView[]
}

/** What a rule found. */
export interface Finding {
  readonly kind: DiagnosisKind
  readonly sentence: string
  readonly section: SectionName
  /** The one of the section's common causes that this is. */
  readonly cause?: CommonCause
  /** What the section's commands are about. */
  readonly pod?: string
  readonly image?: string
  readonly pullSecret?: string
}

/** One cause that a rollout can fail of; undefined where it is not this one. */
export type Rule = (scene: Scene) => Finding | undefined

/** `Pod a`, or `3 pods, a first`: those that show the same. */
export function whichPods(names: readonly string[]): string {
  const [first = '', ...others] = [...new Set(names)]
  return others.length === 0 ? `Pod ${first}` : `${others.length + 1} pods, ${first} first`
}

/** One line of at most `max` characters. */
export function clipped(text: string, max = 300): string {
  const line = text.replace(/\s+/gu, ' ').trim()
  return line.length <= max ? line : `${line.slice(0, max - 1).toWellFormed()}…`
}

/** A sentence ends with one full stop, also where what it quotes has one. */
export function sentence(text: string): string {
  return /[.!?…]"?$/u.test(text) ? text : `${text}.`
}
