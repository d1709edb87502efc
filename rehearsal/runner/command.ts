import { glob, readFile } from 'node:fs/promises'
import { dirname, delimiter, join } from 'node:path'
import { UserError } from '../../packages/shared/src/errors.ts'
import type { WorkflowEvent } from './events.ts'

/** What a run needs to know. */
export interface RunOptions {
  /** Path of the binary that `buildAct` made. */
  act: string
  /** Folder of bare repositories, `<owner>/<name>.git`. */
  repositories: string
  /** The repository whose workflow runs, owner/name. */
  repository: string
  /** Path of the workflow file in it, such as `.github/workflows/deploy.yml`. */
  workflow: string
  event: WorkflowEvent
  /** Folder of the suite; serves `runbook-actions/suite@v1`. */
  suite: string
  /** More repositories of actions: folder by `owner/name@ref`. */
  actions?: Record<string, string>
  /** The labels for which there is a runner. */
  labels: string[]
  github: { server: string; api: string; graphql: string }
  runId: number
  runNumber: number
  runAttempt?: number
  actor: string
  /** GITHUB_TOKEN of every job. */
  token: string
  /** All are repository secrets; environments have none. */
  secrets: Record<string, string>
  variables?: Record<string, string>
}

/** Folders and files of one run, below a folder of its own. */
export interface RunFiles {
  root: string
  caller: string
  home: string
  temp: string
  actions: string
  /** act looks for it beside `actions`: a file for each job whose machine is lost. */
  lost: string
  event: string
  secrets: string
  variables: string
  environment: string
}

/** The names of the files of a run. */
export function runFiles(root: string): RunFiles {
  return {
    root,
    caller: join(root, 'caller'),
    home: join(root, 'home'),
    temp: join(root, 'tmp'),
    actions: join(root, 'actions'),
    lost: join(root, 'lost'),
    event: join(root, 'event.json'),
    secrets: join(root, 'secrets.yaml'),
    variables: join(root, 'variables.yaml'),
    environment: join(root, 'environment.yaml'),
  }
}

/** Arguments of act. No value of a secret or variable is among them: other users see the arguments of a process. */
export function actArguments(options: RunOptions, files: RunFiles, checkoutReferences: string[]): string[] {
  const local: Record<string, string> = { 'runbook-actions/suite@v1': options.suite, ...options.actions }
  for (const reference of checkoutReferences) local[reference] = join(import.meta.dirname, 'checkout')
  return [
    options.event.name,
    ...['--directory', files.caller],
    ...['--workflows', options.workflow],
    ...['--eventpath', files.event],
    ...options.labels.flatMap((label) => ['--platform', `${label}=-self-hosted`]),
    ...Object.entries(local).flatMap(([name, folder]) => ['--local-repository', `${name}=${folder}`]),
    '--no-skip-checkout',
    '--action-offline-mode',
    '--pull=false',
    '--no-cache-server',
    ...['--action-cache-path', files.actions],
    '--rm',
    '--json',
    // on GitHub the number of runners is not that of the processors
    ...['--concurrent-jobs', '16'],
    ...['--secret-file', files.secrets],
    ...['--var-file', files.variables],
    ...['--env-file', files.environment],
    // act would read `.input` of the caller's repository
    ...['--input-file', join(files.root, 'no-inputs')],
    ...['--actor', options.actor],
  ]
}

/** Variables that GitHub's runner sets and act does not know from the event. Every step sees them. */
export function stepEnvironment(options: RunOptions, trackingId: string): Record<string, string> {
  const { event, github, repository } = options
  return {
    GITHUB_REPOSITORY: repository,
    GITHUB_RUN_ID: String(options.runId),
    GITHUB_RUN_NUMBER: String(options.runNumber),
    GITHUB_RUN_ATTEMPT: String(options.runAttempt ?? 1),
    GITHUB_REF: event.ref,
    GITHUB_SHA: event.sha,
    GITHUB_TRIGGERING_ACTOR: options.actor,
    GITHUB_WORKFLOW_REF: `${repository}/${options.workflow}@${event.ref}`,
    GITHUB_WORKFLOW_SHA: event.sha,
    GITHUB_SERVER_URL: github.server,
    GITHUB_API_URL: github.api,
    GITHUB_GRAPHQL_URL: github.graphql,
    RUNNER_NAME: 'rehearsal',
    RUNNER_ENVIRONMENT: 'self-hosted',
    RUNNER_TRACKING_ID: trackingId,
    REHEARSAL_GIT: options.repositories,
  }
}

/**
 * The whole environment of act. act gives it to every step, so nothing of ours may be in it. act takes `node` from the
 * PATH, whatever an action's `using:` says, so this Node comes first.
 */
export function actEnvironment(files: RunFiles, trackingId: string): Record<string, string> {
  const [major = 0] = process.versions.node.split('.').map(Number)
  if (major < 24) {
    throw new UserError(
      `actions run with Node 24, and this is Node ${process.versions.node}`,
      'start the rehearsal with npm, which puts Node 24 first on the PATH',
    )
  }
  const path = (process.env.PATH ?? '/usr/bin:/bin')
    .split(delimiter)
    .filter((folder) => !folder.endsWith(join('node_modules', '.bin')))
  return {
    PATH: [dirname(process.execPath), ...path].join(delimiter),
    HOME: files.home,
    TMPDIR: files.temp,
    LANG: 'C.UTF-8',
    RUNNER_TRACKING_ID: trackingId,
  }
}

/** Text of a YAML file that act reads as a map of strings: JSON, with the characters escaped that YAML does not take. */
export function yamlMap(values: Record<string, string>): string {
  return JSON.stringify(values).replaceAll(
    /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

/** Every `actions/checkout@…` that a workflow or action below the folders uses; the stand-in serves them all. */
export async function checkoutReferences(folders: string[]): Promise<string[]> {
  const references = new Set<string>()
  for (const folder of folders) {
    for (const file of await actionFiles(folder)) {
      for (const [, reference] of (await readFile(file, 'utf8')).matchAll(
        /\buses:\s*["']?(actions\/checkout@[\w.-]+)/g,
      )) {
        if (reference) references.add(reference)
      }
    }
  }
  return [...references].sort()
}

async function actionFiles(folder: string): Promise<string[]> {
  const places = '{.github/workflows,.github/actions,actions}/**/*.{yml,yaml}'
  const files: string[] = []
  for await (const file of glob(places, { cwd: folder, exclude: (path) => path.endsWith('node_modules') })) {
    files.push(join(folder, file))
  }
  return files
}
