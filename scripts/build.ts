// npm run build [-- ACTION …]: one bundle per action in actions/<name>/dist.
// esbuild joins and shakes our TypeScript and the libraries, ncc packages the result: 3 s an action instead of 25 with
// ncc alone, at half the size. What makes a bundle load quickly is in docs/decisions/0003-bundles.md.
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { availableParallelism } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { build, transform, type Metafile, type Plugin } from 'esbuild'

const root = join(import.meta.dirname, '..')
const ncc = createRequire(import.meta.url).resolve('@vercel/ncc/dist/ncc/cli.js')

/** Every folder of actions/ that has an action.yml. */
export function actionNames(): string[] {
  return readdirSync(join(root, 'actions')).filter((name) =>
    existsSync(join(root, 'actions', name, 'action.yml')),
  )
}

const noForms = "throw new Error('Forms are left out of this bundle')"

/**
 * What libraries bring along and no action uses, by the file and what stands in for it. Importing something that a
 * stand-in lacks fails the build.
 */
const leftOut: Readonly<Record<string, string>> = {
  // The messages of zod in fifty languages, 264 kB.
  'node_modules/zod/v4/locales/index.js': 'export {}',
  // Its schemas as JSON Schema, 65 kB: only scripts/schema.ts writes one.
  'node_modules/zod/v4/core/json-schema-generator.js': 'export const JSONSchemaGenerator = undefined',
  'node_modules/zod/v4/core/json-schema-processors.js': 'export const toJSONSchema = undefined',
  'node_modules/zod/v4/core/to-json-schema.js':
    "const leftOut = () => { throw new Error('JSON Schema is left out of this bundle') }; export { leftOut as createStandardJSONSchemaMethod, leftOut as createToJSONSchemaMethod }",
  // The OIDC client of @actions/core with an HTTP stack of its own, 435 kB.
  'node_modules/@actions/core/lib/oidc-utils.js':
    "export class OidcClient { static getIDToken() { throw new Error('OIDC is left out of this bundle') } }",
  // What tells the platform runs programs, and loads what that takes.
  'node_modules/@actions/core/lib/platform.js': 'export {}',
  // Of undici all but its connections: fetch, caches, mocks, 290 kB. Other libraries have an undici of their own.
  'node_modules/undici/index.js': `
    import Agent from './lib/dispatcher/agent.js'
    import connect from './lib/api/api-connect.js'
    import Dispatcher from './lib/dispatcher/dispatcher.js'
    import Pool from './lib/dispatcher/pool.js'
    import ProxyAgent from './lib/dispatcher/proxy-agent.js'
    import request from './lib/api/api-request.js'
    import upgrade from './lib/api/api-upgrade.js'
    Object.assign(Dispatcher.prototype, { connect, request, upgrade })
    export { Agent, Pool, ProxyAgent }`,
  // Its bodies that are forms, 75 kB, and its parser for processors that no runner has, 72 kB.
  'node_modules/undici/lib/web/fetch/body.js': noForms,
  'node_modules/undici/lib/web/fetch/formdata.js': noForms,
  'node_modules/undici/lib/web/webidl/index.js': noForms,
  'node_modules/undici/lib/llhttp/llhttp-wasm.js':
    "throw new Error('This processor has no SIMD for WebAssembly, and the parser without it is left out of this bundle')",
  // The generated Kubernetes API: of the official client only the old ways of logging in are used.
  'node_modules/@kubernetes/client-node/dist/gen/index.js': `
    export function createConfiguration() { throw new Error('The Kubernetes API is left out of this bundle') }
    export const ServerConfiguration = createConfiguration`,
}

const leaveOut: Plugin = {
  name: 'leave-out',
  setup(esbuild) {
    for (const [path, contents] of Object.entries(leftOut)) {
      const file = inLibraries(path)
      const filter = new RegExp(`^${RegExp.escape(file)}$`)
      esbuild.onLoad({ filter }, () => ({ contents, loader: 'js', resolveDir: dirname(file) }))
    }
  },
}

/**
 * CommonJS modules that export one function and load much for it: loaded when it is called. HTTP/2 takes a tenth of an
 * action's start, and our connections to the cluster are HTTP/1.1.
 */
const whenCalled: readonly string[] = ['node_modules/undici/lib/dispatcher/client-h2.js']

const loadWhenCalled: Plugin = {
  name: 'load-when-called',
  setup(esbuild) {
    for (const path of whenCalled) {
      const file = inLibraries(path)
      const namespace = 'when-called'
      const contents = `module.exports = (...given) => require(${JSON.stringify(file)})(...given)`
      const filter = new RegExp(`(?:^|/)${RegExp.escape(basename(file))}$`)
      esbuild.onResolve({ filter }, (asked) =>
        asked.namespace !== namespace && join(asked.resolveDir, asked.path) === file
          ? { path: basename(file), namespace }
          : undefined,
      )
      esbuild.onLoad({ filter, namespace }, () => ({ contents, resolveDir: dirname(file) }))
    }
  },
}

/** undici asserts without comparing, and of Node's assertions it is the comparing that takes its time to load. */
const plainAssertions: Plugin = {
  name: 'plain-assertions',
  setup(esbuild) {
    const namespace = 'plain-assertions'
    const contents = `module.exports = (holds, message = 'An assertion of undici does not hold') => {
      if (!holds) throw message instanceof Error ? message : new Error(message)
    }`
    esbuild.onResolve({ filter: /^node:assert$/ }, ({ importer }) =>
      importer.startsWith(inLibraries('node_modules/undici'))
        ? { path: 'node:assert', namespace }
        : undefined,
    )
    esbuild.onLoad({ filter: /./, namespace }, () => ({ contents }))
  },
}

/**
 * Names inside the functions of libraries are shortened, which leaves a tenth less to read at each start. Ours stay as they
 * are written, so that a stack trace can be read.
 */
const shortNames: Plugin = {
  name: 'short-names',
  setup(esbuild) {
    esbuild.onLoad({ filter: /\/node_modules\/.*\.[cm]?js$/, namespace: 'file' }, async ({ path }) => {
      const { code } = await transform(readFileSync(path, 'utf8'), {
        minifyIdentifiers: true,
        legalComments: 'none',
      })
      return { contents: code, loader: 'js' }
    })
  },
}

/** The program of the Job that reads lag inside the cluster: its text stands in for the module that gives it. */
const programOfJob: Plugin = {
  name: 'program-of-job',
  setup(esbuild) {
    const file = join(root, 'packages/shared/src/kafka/reader-program.ts')
    esbuild.onLoad({ filter: new RegExp(`^${RegExp.escape(file)}$`) }, async () => ({
      contents: `const program = ${JSON.stringify(await buildLagReader())}\nexport const readerProgram = () => program`,
      loader: 'js',
    }))
  },
}

/** A ConfigMap, names and all, must stay below 1 MiB. */
const largestProgram = 900 * 1024

/** The program that reads lag inside the cluster, as one file without anything beside it. */
export async function buildLagReader(): Promise<string> {
  const { outputFiles } = await build({
    ...compact,
    format: 'cjs',
    entryPoints: [join(root, 'packages/shared/src/action/lag-reader.ts')],
    absWorkingDir: root,
    bundle: true,
    write: false,
    platform: 'node',
    plugins: [leaveOut],
  })
  const text = outputFiles[0]?.text ?? ''
  if (Buffer.byteLength(text) > largestProgram)
    throw new Error(
      `the program that reads lag is too large for a ConfigMap: ${Buffer.byteLength(text)} bytes`,
    )
  return text
}

/** @throws Error where a library has moved the file: then the bundles would grow or slow down without a word */
function inLibraries(path: string): string {
  const file = join(root, path)
  if (!existsSync(file)) throw new Error(`the build treats ${path} on its own, and it is not there any more`)
  return file
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

/** Of ASCII alone the engine keeps one byte a character. */
const compact = {
  format: 'esm',
  target: 'node24',
  minifySyntax: true,
  minifyWhitespace: true,
  charset: 'ascii',
  legalComments: 'none',
  define: {
    // undici then leaves out its second, experimental HTTP parser, 175 kB.
    esbuildDetection: 'true',
    // ncc takes a path below process.cwd() for a file of the bundle, and copies all of the repository into it.
    'process.cwd': 'globalThis.process.cwd',
  },
} as const

function runNcc(entry: string, output: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [ncc, 'build', entry, '-o', output, '--no-cache', '-q'], {
      stdio: 'inherit',
    })
    child.on('error', reject)
    child.on('exit', (code) => {
      if (code === 0) resolve()
      else reject(new Error(`ncc ended with ${String(code)} for ${entry}`))
    })
  })
}

/** Joins a program's sources and libraries into `folder`: index.js, and a file for each lazy import. */
export async function joinSources(entry: string, folder: string): Promise<Metafile> {
  const { metafile } = await build({
    ...compact,
    entryPoints: { index: entry },
    outdir: folder,
    splitting: true,
    absWorkingDir: root,
    bundle: true,
    platform: 'node',
    // ncc would wrap the whole bundle into one function, which the engine then parses twice.
    supported: { 'top-level-await': false },
    metafile: true,
    // Its modules are joined like ours; those for Node are functions, which the engine parses twice.
    alias: { yaml: './node_modules/yaml/browser/dist/index.js' },
    plugins: [leaveOut, loadWhenCalled, plainAssertions, shortNames, programOfJob],
    // Some libraries are CommonJS and call require at run time.
    banner: {
      js: "import{createRequire as __createRequire}from'node:module';const require=__createRequire(import.meta.url);",
    },
  })
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}')
  return metafile
}

async function bundle(name: string): Promise<void> {
  const folder = join(root, 'actions', name)
  const joined = join(folder, '.pre')
  // A build that was interrupted leaves its own.
  rmSync(joined, { recursive: true, force: true })
  const metafile = await joinSources(join(folder, 'src/index.ts'), joined)
  const packaged = join(joined, 'dist')
  mkdirSync(packaged)
  await runNcc(join(joined, 'index.js'), packaged)
  for (const file of readdirSync(packaged).filter((entry) => entry.endsWith('.js'))) {
    const { code } = await transform(readFileSync(join(packaged, file), 'utf8'), compact)
    writeFileSync(join(packaged, file), code)
  }
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
