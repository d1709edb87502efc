/** An alert that fires. */
export interface FiringAlert {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly since: Date | undefined
  /** One line of its summary or description; empty where it has none. */
  readonly summary: string
  /** Why nobody is told: somebody silenced it, or another alert or a mute time keeps it quiet. Undefined: it speaks. */
  readonly muted: 'silenced' | 'inhibited' | undefined
}

/** The team's alerting, as far as the runbook file names it. */
export interface Alerts {
  /** Where it looks, for people; undefined where the runbook file names neither Alertmanager nor Prometheus. */
  readonly source: string | undefined
  /**
   * What fires now: as Alertmanager has it where the runbook file names one, since it knows the silences; else as
   * Prometheus has it.
   *
   * @throws UserError where it does not answer or refuses
   */
  firing(signal: AbortSignal): Promise<readonly FiringAlert[]>
  /** Names of the alert rules that are loaded. Undefined where there is no Prometheus to ask. */
  rules(signal: AbortSignal): Promise<ReadonlySet<string> | undefined>
}
