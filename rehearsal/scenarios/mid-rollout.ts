import type { StartedDeployment } from '../world/deploy.ts'

/** Resolves when production's download-worker has been written and its pods begin to change. */
export async function rollsDownloadWorker({ run }: StartedDeployment): Promise<void> {
  await run.until(
    (event) =>
      event.type === 'line' &&
      event.job.id === 'production' &&
      event.text.includes('deployment.apps/download-worker image updated'),
  )
}
