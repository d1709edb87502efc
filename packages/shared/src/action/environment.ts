import * as z from 'zod'

/** Environment variables as Node gives them. */
export type Variables = Readonly<Record<string, string | undefined>>

/** A fact that may be absent or odd: on a laptop nobody sets these, and none of them may stop a rollback. */
function fact<T extends z.ZodType>(schema: T) {
  return schema.optional().catch(undefined)
}

const text = fact(z.string().min(1))
const url = fact(z.url())

const factsSchema = z.object({
  GITHUB_RUN_ID: fact(z.string().regex(/^\d+$/u)),
  GITHUB_RUN_ATTEMPT: fact(z.coerce.number().int().positive()),
  GITHUB_SERVER_URL: url,
  GITHUB_API_URL: url,
  GITHUB_REPOSITORY: fact(z.string().regex(/^[\w.-]+\/[\w.-]+$/u)),
  GITHUB_ACTOR: text,
  GITHUB_TRIGGERING_ACTOR: text,
  GITHUB_SHA: fact(z.string().regex(/^[0-9a-f]{40,64}$/u)),
  GITHUB_REF: text,
  GITHUB_REF_NAME: text,
  GITHUB_REF_TYPE: fact(z.enum(['branch', 'tag'])),
  GITHUB_EVENT_NAME: text,
  GITHUB_EVENT_PATH: text,
  GITHUB_WORKFLOW: text,
  GITHUB_JOB: text,
  GITHUB_WORKSPACE: text,
  RUNNER_TEMP: text,
})

/** What GitHub says about the run. All absent in a terminal. */
export type RunFacts = ReturnType<typeof runFacts>

export function runFacts(variables: Variables) {
  const facts = factsSchema.parse(variables)
  return {
    id: facts.GITHUB_RUN_ID,
    attempt: facts.GITHUB_RUN_ATTEMPT,
    /** The page of this attempt. */
    url: pageOf(facts),
    serverUrl: facts.GITHUB_SERVER_URL,
    apiUrl: facts.GITHUB_API_URL,
    /** `owner/name` */
    repository: facts.GITHUB_REPOSITORY,
    actor: facts.GITHUB_ACTOR,
    /** Who pressed "re-run"; the actor otherwise. */
    triggeringActor: facts.GITHUB_TRIGGERING_ACTOR,
    sha: facts.GITHUB_SHA,
    /** `refs/tags/v1.2.3` */
    ref: facts.GITHUB_REF,
    /** `v1.2.3` */
    refName: facts.GITHUB_REF_NAME,
    refType: facts.GITHUB_REF_TYPE,
    eventName: facts.GITHUB_EVENT_NAME,
    eventPath: facts.GITHUB_EVENT_PATH,
    workflow: facts.GITHUB_WORKFLOW,
    job: facts.GITHUB_JOB,
    workspace: facts.GITHUB_WORKSPACE,
    /** Emptied by the runner after the job. */
    tempDirectory: facts.RUNNER_TEMP,
  }
}

function pageOf(facts: z.output<typeof factsSchema>): string | undefined {
  const { GITHUB_SERVER_URL: server, GITHUB_REPOSITORY: repository, GITHUB_RUN_ID: id } = facts
  if (server === undefined || repository === undefined || id === undefined) return undefined
  const attempt = facts.GITHUB_RUN_ATTEMPT === undefined ? '' : `/attempts/${facts.GITHUB_RUN_ATTEMPT}`
  return `${server}/${repository}/actions/runs/${id}${attempt}`
}
