import { messageOf, UserError } from '../../packages/shared/src/errors.ts'
import type { PipelinePrometheus } from './monitoring.ts'

const answerTimeoutMs = 10_000

/**
 * A Prometheus that somebody else started. It must scrape the pods, with the labels `namespace` and `pod`. Nothing of it
 * is changed.
 *
 * @throws UserError where it does not answer
 */
export async function usePrometheus(given: string): Promise<PipelinePrometheus> {
  const url = given.replace(/\/+$/, '')
  await answers(url).catch((cause: unknown) => {
    throw new UserError(
      `Prometheus at ${url} does not answer: ${messageOf(cause)}`,
      'Give --prometheus the address at which its API is, such as http://127.0.0.1:9090, without authentication.',
      { cause },
    )
  })
  return {
    url,
    stop: () =>
      Promise.reject(
        new UserError(
          `Prometheus at ${url} was started by somebody else: a scenario cannot take it away.`,
          'Leave --prometheus out for this scenario.',
        ),
      ),
    start: () => Promise.resolve(), // it runs
    forget: () => Promise.resolve(), // its data is not ours
  }
}

async function answers(url: string): Promise<void> {
  const signal = AbortSignal.timeout(answerTimeoutMs)
  const response = await fetch(`${url}/api/v1/query?query=1`, { signal })
  await response.body?.cancel()
  if (!response.ok) throw new Error(`status ${response.status}`)
}
