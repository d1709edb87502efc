/** A dashboard of the runbook file, by its name there. */
export interface MissingDashboard {
  readonly name: string
  /** Why it counts as missing: Grafana does not know it, or its address is none of Grafana's. */
  readonly why: string
}

/** The team's dashboards, as far as the runbook file lets them be asked for. */
export interface Dashboards {
  /**
   * Those of the runbook file's `dashboards` that do not exist. Undefined where nobody is to be asked.
   *
   * @throws UserError where Grafana does not answer, or does not let us look
   */
  missing(signal: AbortSignal): Promise<readonly MissingDashboard[] | undefined>
  close(): Promise<void>
}
