import { chmod, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildCluster } from '../rehearsal/kubernetes/binary.ts'
import { startCluster, type RehearsalCluster } from '../rehearsal/kubernetes/cluster.ts'
import { buildKwok, startFakeNodes } from '../rehearsal/kubernetes/fake-nodes.ts'
import { cacheFolder } from '../rehearsal/toolchain/cache.ts'
import { requirePrerequisites } from '../rehearsal/toolchain/prerequisites.ts'

/** A cluster of the benchmark's own with nodes for any number of fake pods. */
export interface FakeCluster {
  readonly cluster: RehearsalCluster
  readonly auditLog: string
  /** For what a benchmark keeps while it runs. */
  readonly folder: string
}

const fakeNodes = 10

/** Boots the cluster, does `work` with it, and ends it, however the work ends. */
export async function withFakeCluster<T>(work: (place: FakeCluster) => Promise<T>): Promise<T> {
  await requirePrerequisites()
  const cache = cacheFolder()
  const log = (line: string): void => {
    console.error(line)
  }
  const kwok = await buildKwok({ cache, log })
  const binary = await buildCluster(cache, log)
  const folder = await mkdtemp(join(tmpdir(), 'benchmark-'))
  // Processes of the cluster that are not root read from it.
  await chmod(folder, 0o755)
  const images = join(folder, 'images')
  await mkdir(images)
  try {
    const cluster = await startCluster(binary, { dir: join(folder, 'cluster'), images, log: () => undefined })
    try {
      const { auditLog } = cluster
      if (auditLog === undefined) throw new Error('the cluster tells no audit log')
      const logFile = join(folder, 'kwok.log')
      const nodes = await startFakeNodes(cluster, { nodes: fakeNodes, logFile, kwok })
      try {
        return await work({ cluster, auditLog, folder })
      } finally {
        await nodes.stop()
      }
    } finally {
      await cluster.stop()
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
