// npm run build [-- ACTION …]: one bundle per action in actions/<name>/dist.
// esbuild joins and shakes our TypeScript and the libraries, ncc packages the result: 3 s an action instead of 25 with
// ncc alone, at half the size (docs/decisions/0003-bundles.md).
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { build, type Metafile, type Plugin } from 'esbuild'

const root = join(import.meta.dirname, '..')
const ncc = createRequire(import.meta.url).resolve('@vercel/ncc/dist/ncc/cli.js')

/** Every folder of actions/ that has an action.yml. */
export function actionNames(): string[] {
  return readdirSync(join(root, 'actions')).filter((name) =>
    existsSync(join(root, 'actions', name, 'action.yml')),
  )
}

/**
 * The actions whose lazy imports become files of their own beside index.js: the calendars of the world (1.5 MB), which
 * only a plan reads. The others stay one file, which can be copied to where it is needed.
 */
const split: ReadonlySet<string> = new Set(['preflight'])

/**
 * What libraries bring along and no action uses: zod's messages in fifty languages (264 kB), and the OIDC client of
 * @actions/core with an HTTP stack of its own (435 kB). An action that calls it fails and says why.
 */
const leftOut: readonly { readonly file: RegExp; readonly contents: string }[] = [
  { file: /\/zod\/v4\/locales\/index\.js$/, contents: 'export {}' },
  {
    file: /\/@actions\/core\/lib\/oidc-utils\.js$/,
    contents:
      "export class OidcClient { static getIDToken() { throw new Error('OIDC is left out of this bundle') } }",
  },
]

const leaveOut: Plugin = {
  name: 'leave-out',
  setup(esbuild) {
    for (const { file, contents } of leftOut)
      esbuild.onLoad({ filter: file }, () => ({ contents, loader: 'js' }))
  },
}

/** The licences of what went into a bundle; ncc cannot tell, because it sees one file only. */
function licences(metafile: Metafile): string {
  const folders = new Set(
    Object.keys(metafile.inputs).flatMap(
      (path) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? [],
    ),
  )
  const texts = [...folders].map((folder) => {
    const { name, license = '' } = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8')) as {
      name: string
      license?: string
    }
    const file = readdirSync(join(root, folder)).find((entry) => /^(licen[cs]e|copying)/i.test(entry))
    return `${name}\n${license}\n${file === undefined ? '' : readFileSync(join(root, folder, file), 'utf8').trim()}\n`
  })
  return texts.sort().join('\n')
}

async function bundle(name: string): Promise<void> {
  const folder = join(root, 'actions', name)
  const joined = join(folder, '.pre')
  // A build that was interrupted leaves its own.
  rmSync(joined, { recursive: true, force: true })
  const { metafile } = await build({
    entryPoints: [join(folder, 'src/index.ts')],
    outdir: joined,
    splitting: split.has(name),
    absWorkingDir: root,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    minify: true,
    keepNames: true,
    legalComments: 'none',
    metafile: true,
    plugins: [leaveOut],
    // Some libraries are CommonJS and call require at run time.
    banner: {
      js: "import{createRequire as __createRequire}from'node:module';const require=__createRequire(import.meta.url);",
    },
  })
  writeFileSync(join(joined, 'package.json'), '{"type":"module"}')
  const packaged = join(joined, 'dist')
  mkdirSync(packaged)
  await new Promise<void>((resolve, reject) => {
    const child = spawn(
      process.execPath,
      [ncc, 'build', join(joined, 'index.js'), '-o', packaged, '-m', '--no-cache', '-q'],
      { stdio: 'inherit' },
    )
    child.on('error', reject)
    child.on('exit', (code) => {
      if (code === 0) resolve()
      else reject(new Error(`ncc ended with ${String(code)} for the action ${name}`))
    })
  })
  writeFileSync(join(packaged, 'licenses.txt'), licences(metafile))
  // The names of lazy files come from their content: nothing old may stay.
  rmSync(join(folder, 'dist'), { recursive: true, force: true })
  renameSync(packaged, join(folder, 'dist'))
  rmSync(joined, { recursive: true })
  console.log(`actions/${name}/dist/index.js`)
}

/** Builds the named actions, or all, a few at a time. */
export async function buildActions(names: readonly string[] = actionNames()): Promise<void> {
  const queue = [...names]
  const worker = async (): Promise<void> => {
    for (let name = queue.shift(); name !== undefined; name = queue.shift()) await bundle(name)
  }
  await Promise.all(Array.from({ length: Math.min(availableParallelism(), 4) }, worker))
}

if (import.meta.main) await buildActions(process.argv.length > 2 ? process.argv.slice(2) : undefined)
