/** A small action that ends in every way an action can end. The tests run it as a process of its own. */
import { createServer } from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'
import { z } from 'zod'
import { UserError } from '../../errors.ts'
import { bool, duration, secret } from '../input-types.ts'
import { runAction } from '../run.ts'

const inputs = z.object({
  pipeline: z.string().min(1).describe('The pipeline that is deployed.'),
  ending: z
    .enum(['pass', 'held', 'user-error', 'bug', 'stray', 'tidy', 'never', 'cancel', 'deaf', 'socket', 'leak'])
    .default('pass')
    .describe('How it ends.'),
  timeout: duration.prefault('15m').describe('How long to wait.'),
  'dry-run': bool.default(false).describe('Changes nothing.'),
  token: secret(z.string().optional(), { env: 'SAMPLE_TOKEN' }).describe('A token.'),
})

await runAction({
  name: 'sample',
  description: 'Ends in the way it is asked to.',
  inputs,
  outputs: { record: '', pods: 0 },
  async main({ inputs: given, log, signal, outputs, summary, mask, run }) {
    log.info(
      `pipeline ${given.pipeline}, ${given.timeout} ms, dry run ${given['dry-run']}, run ${run.url ?? 'on a laptop'}`,
    )
    outputs.set({ record: 'deploy-1' })
    switch (given.ending) {
      case 'pass':
        await log.group('Pods', async () => {
          log.info('12/12 ready\n::set-output name=outcome::hacked')
          await Promise.resolve()
        })
        return { outcome: 'passed', outputs: { pods: 12 }, summary: '## ✅ live\n**Do:** nothing.' }
      case 'held':
        return {
          outcome: 'held',
          reason: 'Lag is 7,100; the limit is 5,000.',
          next: 'Decide.',
          summary: '## 🟨 held',
        }
      case 'user-error':
        throw new UserError(
          'Namespace "shop" does not exist.',
          'Create it, or correct `namespace` in runbook.yaml.',
        )
      case 'bug':
        throw new TypeError('cannot read x', {
          cause: new Error(`config {"password":"hunter22"} ${given.token ?? ''}`),
        })
      case 'stray':
        setImmediate(() => {
          throw new Error('socket hang up')
        })
        await wait(60_000, undefined, { signal })
        return { outcome: 'passed' }
      case 'tidy':
        setImmediate(() => void Promise.reject(new Error('socket hang up')))
        return wait(60_000, undefined, { signal }).then(
          () => ({ outcome: 'passed' as const }),
          () => ({ outcome: 'held' as const, outputs: { record: 'tidied' }, summary: '## tidied' }),
        )
      case 'never':
        return new Promise(() => undefined)
      case 'cancel':
        log.info('waiting')
        await wait(60_000, undefined, { signal })
        return { outcome: 'passed' }
      case 'deaf':
        signal.addEventListener('abort', () => {
          log.info('heard, and going on')
        })
        log.info('waiting')
        await wait(60_000)
        return { outcome: 'passed' }
      case 'socket': {
        const server = createServer()
        await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
        return { outcome: 'passed' }
      }
      case 'leak':
        mask('found-on-the-way')
        log.info(`token ${given.token ?? ''} and found-on-the-way`)
        log.external(`::add-mask::12\n##[error]${given.token ?? ''}`)
        summary.add(`token ${given.token ?? ''}`, {
          kind: 'evidence',
          title: 'Logs',
          text: `found-on-the-way`,
        })
        return { outcome: 'passed', outputs: { record: given.token ?? '' } }
    }
  },
})
