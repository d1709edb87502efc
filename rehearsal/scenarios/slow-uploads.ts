import { production } from '../world/environment.ts'
import type { Scenario } from './scenario.ts'
import { afterMs, playBadRelease } from './watched.ts'

/** Some times slower than it was, and not so slow that the workers fall behind: no fixed limit is broken. */
export const slowUploads: Scenario = {
  name: 'slow-uploads',
  title: 'uploads take longer than before the deployment: held',
  play: (stage) =>
    playBadRelease(
      stage,
      { faults: { [production.namespace]: { uploadLatencyMs: { value: 120, afterMs } } } },
      { outcome: 'held', gate: 'upload-latency', reason: /upload-latency: / },
    ),
}
