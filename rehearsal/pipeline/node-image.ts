import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'

/** What stands for Node's public image: a pod of it finds the Node that runs now as `node`. */
export const nodeImage = 'registry.local/node:24'

/** Writes the image into the folder that stands for the registry. */
export async function buildNodeImage(images: string): Promise<void> {
  const folder = join(images, 'node', '24')
  await mkdir(folder, { recursive: true })
  const path = [dirname(process.execPath), '/usr/local/bin', '/usr/bin', '/bin'].join(':')
  await writeFile(join(folder, 'image.json'), JSON.stringify({ Cmd: ['node'], Env: [`PATH=${path}`] }))
}
