// With real processes. Whether one still lives is seen by its connection: the kernel closes it with the process, and a
// process id could be that of a zombie.
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { CommandEnd } from '../gates/sources.ts'
import { commandGates } from '../gates/command.ts'
import { runGates } from '../gates/gate.ts'
import { contextOf } from '../gates/sources.fixture.ts'
import { logGates } from '../report/gate-log.ts'
import { commandsIn } from '../report/runner-commands.fixture.ts'
import { TEN_LINES } from '../runbook/example.ts'
import { loadRunbook } from '../runbook/load.ts'
import { runnerLog } from './log.ts'
import { createMasker } from './masking.ts'
import { runCommand } from './run-command.ts'

jest.setTimeout(60_000)

const folder = mkdtempSync(join(tmpdir(), 'command-'))
afterAll(() => {
  rmSync(folder, { recursive: true })
})

/** The command as the runbook file would say it. */
function runbookWith(keys: Readonly<Record<string, unknown>>) {
  const gates = JSON.stringify({ command: { question: keys } })
  return loadRunbook(`${TEN_LINES}gates: ${gates}\n`, { file: 'runbook.yaml' })
}

interface Given {
  readonly keys?: Readonly<Record<string, unknown>>
  readonly facts?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal
  readonly variables?: Readonly<Record<string, string>>
}

async function run(
  argv: readonly string[],
  { keys, facts, signal, variables }: Given = {},
): Promise<CommandEnd> {
  const command = runbookWith({ run: argv, ...keys }).gates.command.question!
  const masker = createMasker(() => undefined)
  return runCommand(command, facts ?? {}, signal ?? new AbortController().signal, {
    variables: { PATH: process.env.PATH, HOME: process.env.HOME, ...variables },
    mask: (secret) => masker.mask(secret),
    redact: (text) => masker.redact(text),
  })
}

const bash = (script: string, given?: Given) => run(['bash', '-c', script], given)

describe('the end of a command', () => {
  it.each([
    ['exit 0', { how: 'exited', code: 0 }],
    ['exit 75', { how: 'exited', code: 75 }],
    ['no-such-program', { how: 'exited', code: 127 }],
    ['kill -KILL $$', { how: 'killed', by: 'SIGKILL' }],
    // A program that handles our signal is not one that was ended by ours.
    ["trap 'exit 3' TERM; kill -TERM $$", { how: 'exited', code: 3 }],
  ])('%s', async (script, end) => {
    expect(await bash(script)).toMatchObject(end)
  })

  it('keeps the lines of both outputs, and standard output apart', async () => {
    const { said } = await bash('echo one; echo two >&2; echo; echo three')
    expect(said.stdout).toBe('one\n\nthree\n')
    expect(said.lines.toSorted()).toEqual(['one', 'three', 'two'])
  })

  it('keeps the last lines', async () => {
    const { said } = await bash('seq 1 1000')
    expect(said.lines).toEqual(Array.from({ length: 20 }, (_, index) => String(981 + index)))
  })

  it('says how a program is missing', async () => {
    const script = (name: string, text: string, mode: number) => {
      const path = join(folder, name)
      writeFileSync(path, text)
      chmodSync(path, mode)
      return path
    }
    await expect(run(['no-such-program'])).rejects.toThrow('There is no program no-such-program')
    await expect(run(['scripts/no-such.sh'])).rejects.toThrow('There is no program scripts/no-such.sh')
    await expect(run([script('odd.sh', '#!/no/such/interpreter\n', 0o755)])).rejects.toThrow(
      'or not the interpreter that its first line names',
    )
    await expect(run([script('plain.sh', '#!/bin/sh\n', 0o644)])).rejects.toThrow('may not be executed')
  })

  it('takes arguments as they are, those of a Node too', async () => {
    const argv = ['printf', '%s|', '--eval', '$HOME', '"a b"', '--']
    expect(await run(argv)).toMatchObject({ said: { stdout: '--eval|$HOME|"a b"|--|' } })
  })
})

describe('the environment of a command', () => {
  it('is what the file names, the facts, PATH and HOME', async () => {
    const { said } = await run(['env'], {
      keys: { env: { MODE: 'strict', REGISTRY: 'https://${HOST}/v1' }, secrets: { TOKEN: '${THE_TOKEN}' } },
      facts: { DEPLOYMENT_VERSION: 'v1.2.3' },
      variables: {
        HOST: 'registry.example',
        THE_TOKEN: 'canary-4711',
        HOME: '/home/x',
        INPUT_KUBECONFIG: 'k',
      },
    })
    expect(said.lines.map((line) => line.replace(/^PATH=.*/, 'PATH=…')).toSorted()).toEqual([
      'DEPLOYMENT_VERSION=v1.2.3',
      'HOME=/home/x',
      'MODE=strict',
      'PATH=…',
      'REGISTRY=https://registry.example/v1',
      'TOKEN=***',
    ])
    expect(said.stdout).not.toContain('canary')
  })

  it('is not given where a variable is missing', async () => {
    const keys = { secrets: { TOKEN: '${THE_TOKEN}' } }
    await expect(run(['env'], { keys })).rejects.toThrow('${THE_TOKEN}, which is not set or empty')
  })
})

describe('output that is not what was expected', () => {
  it('is kept as text where it is garbage', async () => {
    const end = await bash("printf '\\xff\\xfe\\0\\x1b[31m{\\n\\0\\n'; head -c 1000 /dev/urandom >&2")
    expect(end).toMatchObject({ how: 'exited', code: 0 })
    expect(JSON.parse(JSON.stringify(end))).toEqual(end)
  })

  it.each([
    ['one line', "head -c 60000000 /dev/zero | tr '\\0' x"],
    ['many lines', 'yes | head -n 20000000'],
  ])('is cut where it is huge: %s', async (_, script) => {
    const { said } = await bash(`${script}; echo; echo the end`)
    expect(said.stdout).toBeUndefined()
    expect(said.lines.at(-1)).toBe('the end')
    expect(said.lines.join('').length).toBeLessThan(20_000)
  })

  it('gives the runner no command, and the log no secret', async () => {
    const script = [
      'echo "::set-output name=a::b"',
      'echo "  ::add-mask::x"',
      'echo "x ##[error]y"',
      'echo "token $TOKEN"',
      'echo "::error::last"',
      'exit 1',
    ].join('; ')
    const runbook = runbookWith({ run: ['bash', '-c', script], secrets: { TOKEN: '${THE_TOKEN}' } })
    const masker = createMasker(() => undefined)
    const redact = (text: string) => masker.redact(text)
    const variables = { PATH: process.env.PATH, THE_TOKEN: 'canary-4711' }
    const context = { variables, redact, mask: (secret: string) => masker.mask(secret) }
    const results = await runGates(
      commandGates(runbook),
      contextOf({
        runbook,
        commands: { run: (command, facts, signal) => runCommand(command, facts, signal, context) },
      }),
      new AbortController().signal,
    )
    expect(results).toMatchObject([{ verdict: 'fail', answer: 'Exit code 1: ::error::last' }])
    expect(JSON.stringify(results)).not.toContain('canary')
    let printed = ''
    const write = jest.spyOn(process.stdout, 'write').mockImplementation((text) => {
      printed += String(text)
      return true
    })
    // Without what redacts, the answers alone must do.
    logGates(
      results,
      runnerLog(
        (text) => text,
        (text) => process.stdout.write(text),
      ),
    )
    write.mockRestore()
    expect(printed).toContain('add-mask')
    expect(printed).not.toContain('canary')
    expect(commandsIn(printed)).toEqual([])
  })
})

describe('everything that a command has started', () => {
  let server: Server
  let port = 0
  let sockets: Socket[] = []

  beforeAll(async () => {
    server = createServer((socket) => {
      socket.on('error', () => undefined)
      sockets.push(socket)
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    port = (server.address() as AddressInfo).port
  })
  afterAll(() => {
    server.close()
  })
  afterEach(() => {
    for (const socket of sockets) socket.destroy()
    sockets = []
  })

  /** A process that holds a connection open, whatever SIGTERM says. */
  const stubborn = () => `(trap '' TERM; exec 3<>/dev/tcp/127.0.0.1/${port}; exec sleep 300)`
  const connected = async (count: number) => {
    while (sockets.length < count) await once(server, 'connection')
  }
  const allClosed = () =>
    Promise.all(sockets.filter((socket) => !socket.closed).map((socket) => once(socket.resume(), 'close')))

  it('ends with it when it takes too long, also what ignores SIGTERM', async () => {
    const script = `echo begun; ${stubborn()} & (${stubborn()} & wait) & wait`
    expect(await bash(script, { keys: { timeout: '5s' } })).toMatchObject({
      how: 'timed-out',
      said: { lines: ['begun'] },
    })
    expect(sockets).toHaveLength(2)
    await allClosed()
  })

  it('may tidy up when it is told to end', async () => {
    const script = "trap 'echo tidy; exit 1' TERM; echo begun; sleep 300 & wait"
    expect(await bash(script, { keys: { timeout: '3s' } })).toMatchObject({
      how: 'timed-out',
      said: { lines: ['begun', 'tidy'] },
    })
  })

  it('ends with it when the run is cancelled', async () => {
    const controller = new AbortController()
    const running = bash(`${stubborn()} & wait`, { signal: controller.signal })
    await connected(1)
    controller.abort(new Error('cancelled by SIGINT'))
    await expect(running).rejects.toThrow('cancelled by SIGINT')
    await allClosed()
  })

  it('is not even started when the run was cancelled before', async () => {
    await expect(bash('echo x', { signal: AbortSignal.abort(new Error('too late')) })).rejects.toThrow(
      'too late',
    )
  })

  it('ends with it when it is cancelled before it has begun', async () => {
    const controller = new AbortController()
    const running = bash(`${stubborn()} & wait`, { signal: controller.signal })
    controller.abort(new Error('at once'))
    await expect(running).rejects.toThrow('at once')
    await allClosed()
  })

  it('ends with it when it leaves something behind', async () => {
    const script = `${stubborn()} & echo $!; until [ -e ${folder}/go ]; do sleep 0.1; done`
    const running = bash(script)
    await connected(1)
    writeFileSync(join(folder, 'go'), '')
    expect(await running).toMatchObject({ how: 'exited', code: 0 })
    await allClosed()
  })

  it('is not waited for where it has left the process group', async () => {
    const escaping = `exec 3<>/dev/tcp/127.0.0.1/${port}; echo $$ >&3; exec sleep 300`
    const running = bash(
      `setsid bash -c '${escaping}' & until [ -e ${folder}/gone ]; do sleep 0.1; done; echo done`,
    )
    await connected(1)
    const [id] = (await once(sockets[0]!, 'data')) as [Buffer]
    try {
      writeFileSync(join(folder, 'gone'), '')
      expect(await running).toMatchObject({ how: 'exited', code: 0, said: { lines: ['done'] } })
      // It lives, and holds the output open.
      expect(sockets[0]?.closed).toBe(false)
    } finally {
      process.kill(Number(id.toString()), 'SIGKILL')
    }
    await allClosed()
  })

  it('ends with it when the action is killed', async () => {
    const module = new URL('./run-command.ts', import.meta.url).href
    const command = { run: ['bash', '-c', `${stubborn()} & wait`], env: {}, secrets: {}, timeout: 300_000 }
    const context = '{ variables: process.env, mask() {}, redact: (text) => text }'
    const action = spawn(process.execPath, [
      '--input-type=module',
      '-e',
      `import { runCommand } from ${JSON.stringify(module)}
       await runCommand(${JSON.stringify(command)}, {}, new AbortController().signal, ${context})`,
    ])
    await connected(1)
    action.kill('SIGKILL')
    await allClosed()
  })
})
