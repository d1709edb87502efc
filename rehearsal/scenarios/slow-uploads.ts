import { production } from '../world/environment.ts'
import type { Scenario } from './scenario.ts'
import { afterMs, playBadRelease } from './watched.ts'

/** No limit of its own, only slower than it was. */
export const slowUploads: Scenario = {
  name: 'slow-uploads',
  title: 'uploads take longer than before the deployment: held',
  play: (stage) =>
    playBadRelease(
      stage,
      { faults: { [production.namespace]: { uploadLatencyMs: { value: 900, afterMs } } } },
      { outcome: 'held', gate: 'upload-latency', reason: /upload-latency: / },
    ),
}
