/** The gates whose limits, series and mode are keys of the file. */
export const GATES = [
  'code-review',
  'checks',
  'documentation',
  'monitoring',
  'incidents',
  'ownership',
  'capacity',
  'image-present',
  'startup-logs',
  'consumer-lag',
  'error-rate',
  'latency-p95',
  'restarts',
  'download-success',
  'upload-latency',
  'retry-rate',
  'dlq-rate',
  'circuit-breaker',
  'command',
] as const
export type GateName = (typeof GATES)[number]

/** The gates that can be watched over time after a rollout. */
export const WATCHED_GATES = [
  'consumer-lag',
  'error-rate',
  'latency-p95',
  'restarts',
  'download-success',
  'upload-latency',
  'retry-rate',
  'dlq-rate',
  'circuit-breaker',
] as const
export type WatchedGate = (typeof WATCHED_GATES)[number]

/** When a command of the team may be asked: wherever a job has the release checked out and asks gates. */
export const COMMAND_OCCASIONS = [
  'preflight',
  're-check',
  'post-deploy',
  'soak',
  'critical',
  'important',
] as const

/** The rows of the runbook's first table. */
export const CHANGE_CLASSES = ['configuration', 'patch', 'minor', 'major', 'hotfix'] as const
export type ChangeClass = (typeof CHANGE_CLASSES)[number]

/** How a new version reaches the pods. */
export const STRATEGIES = ['rolling', 'canary'] as const
export type Strategy = (typeof STRATEGIES)[number]
