import { z } from 'zod'

/** What the source system says of a new file, on topic `pipeline.files`. */
export const announcement = z.object({ file: z.string().min(1), sizeBytes: z.number().int().positive() })
export type Announcement = z.infer<typeof announcement>

/** A file to download, on topic `pipeline.events`. */
export const fileEvent = announcement.extend({ id: z.uuid(), receivedAt: z.iso.datetime() })
export type FileEvent = z.infer<typeof fileEvent>

/** A file that was downloaded, on topic `pipeline.results`. */
export const downloadResult = fileEvent.extend({ downloadedAt: z.iso.datetime(), worker: z.string().min(1) })
export type DownloadResult = z.infer<typeof downloadResult>
