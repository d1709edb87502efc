import type { Cluster } from '../cluster.ts'

/** What a kubelet answers, with status 200, in the place of a log whose container it has removed. */
const logIsGone = /^unable to retrieve container logs for \S+$/u

/**
 * The last lines of a container's log, those without text left out; none where the run before the last restart has been
 * cleared away, which it mostly has been.
 *
 * @throws where the log cannot be read, or that of the present run is gone
 */
export async function containerLog(
  cluster: Cluster,
  pod: string,
  options: { readonly container: string; readonly tailLines: number; readonly previous: boolean },
  signal: AbortSignal,
): Promise<string[]> {
  const log = await cluster.podLog(pod, options, signal)
  if (logIsGone.test(log)) {
    if (options.previous) return []
    throw new Error(log)
  }
  return log.split('\n').filter((line) => line.trim() !== '')
}
