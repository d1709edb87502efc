import { describe, expect, it } from '@jest/globals'
import { planned, recordOf } from '../record/record.fixture.ts'
import type { DeploymentRecord } from '../record/schema.ts'
import type { ImageAnswer } from '../registry/image-registry.ts'
import { TEN_LINES } from '../runbook/example.ts'
import { loadRunbook } from '../runbook/load.ts'
import { runGates } from './gate.ts'
import { imagePresent } from './image-present.ts'
import { contextOf } from './sources.fixture.ts'

const digest = `sha256:${'a'.repeat(64)}`
const other = `sha256:${'b'.repeat(64)}`
const [first, second] = ['event-ingester', 'download-worker'] as const
const pinned = (name: string, host = 'ghcr.io/acme') =>
  planned(name, { to: `${host}/${name}:v1.1.0@${digest}` })

async function ask(
  answers: readonly ImageAnswer[],
  { keys = '{}', ...record }: Partial<DeploymentRecord> & { keys?: string } = {},
) {
  const asked: string[] = []
  const waiting = [...answers]
  const registry = {
    look: (image: string) => {
      asked.push(image)
      const answer = waiting.shift()
      return answer === undefined ? Promise.reject(new Error('asked too often')) : Promise.resolve(answer)
    },
    close: () => Promise.resolve(),
  }
  const context = contextOf({
    runbook: loadRunbook(`${TEN_LINES}gates: { image-present: ${keys} }\n`, { file: 'runbook.yaml' }),
    record: recordOf({ plan: [pinned(first), pinned(second)], ...record }),
    registry,
  })
  const [result] = await runGates([imagePresent], context, new AbortController().signal)
  return { ...result, asked }
}

const found: ImageAnswer = { result: 'found', digest }
const unasked: ImageAnswer = { result: 'not-asked', why: 'wants credentials, and there are none here (401)' }

describe('image-present', () => {
  it('asks for what is about to be pulled, and for nothing else', async () => {
    const unchanged = planned('result-processor', { to: 'registry.local/result-processor:v1.0.0' })
    const result = await ask([found, found], { plan: [pinned(first), pinned(second), unchanged] })
    expect(result).toMatchObject({
      verdict: 'pass',
      answer: 'All 2 images are in their registries.',
      value: '2/2 images',
    })
    expect(result.asked).toEqual([
      `ghcr.io/acme/${first}:v1.1.0@${digest}`,
      `ghcr.io/acme/${second}:v1.1.0@${digest}`,
    ])
    expect(await ask([], { plan: [unchanged] })).toMatchObject({
      verdict: 'skipped',
      answer: 'No image changes.',
    })
  })

  it.each<[string, ImageAnswer[], string, RegExp]>([
    ['no digest in the answer', [found, { result: 'found' }], 'pass', /^All 2 images/],
    [
      'other bits than those that were asked for',
      [found, { result: 'found', digest: other }],
      'fail',
      /^download-worker: ghcr\.io answers with sha256:b{12} where it is asked for sha256:a{12}\.$/,
    ],
    [
      'no such image',
      [found, { result: 'missing', isAnonymous: false }],
      'fail',
      /^download-worker: ghcr\.io has no ghcr\.io\/acme\/download-worker:v1\.1\.0@sha256:a{64}\. Check image exists in registry: "docker pull \S+"\.$/,
    ],
    [
      'no such image, says a registry that does not know who asks',
      [found, { result: 'missing', isAnonymous: true }],
      'fail',
      /It was asked without credentials, .* let the job log in to it\.$/,
    ],
    [
      'a registry that fails itself',
      [found, { result: 'failing', why: 'answers 503' }],
      'unknown',
      /^ghcr\.io answers 503: nodes that pull from it now would meet the same\.$/,
    ],
    [
      'one of two that cannot be asked',
      [found, unasked],
      'pass',
      /^ghcr\.io wants credentials, and there are none here \(401\)\.$/,
    ],
    [
      'none that can be asked',
      [unasked, unasked],
      'skipped',
      /^Not asked, because it cannot be from here: ghcr\.io wants credentials, and there are none here \(401\)\.$/,
    ],
    [
      'one that cannot be asked, and one that is not there',
      [unasked, { result: 'missing', isAnonymous: false }],
      'fail',
      /wants credentials.*download-worker: ghcr\.io has no/,
    ],
  ])('%s', async (_, answers, verdict, answer) => {
    const result = await ask(answers)
    expect(result).toMatchObject({ verdict })
    expect(result.answer).toMatch(answer)
  })

  it('blocks where it cannot be asked, if the team wants that', async () => {
    expect(await ask([found, unasked], { keys: '{ unanswered: block }' })).toMatchObject({
      verdict: 'unknown',
    })
    expect(await ask([unasked, unasked], { keys: '{ unanswered: block }' })).toMatchObject({
      verdict: 'unknown',
    })
  })

  it('only warns of an image that is not there, if the team wants that', async () => {
    const missing: ImageAnswer = { result: 'missing', isAnonymous: true }
    expect(await ask([found, missing], { keys: '{ mode: warn }' })).toMatchObject({ verdict: 'warn' })
    expect(await ask([], { keys: '{ mode: off }' })).toMatchObject({ verdict: 'skipped', asked: [] })
  })

  it('says what staging has shown of the same bits', async () => {
    const ran = (name: string, of: string) => ({
      deployment: name,
      container: name,
      image: `ghcr.io/acme/${name}:v1.1.0`,
      digest: of,
      pods: 2,
    })
    const staging = {
      outcome: 'passed' as const,
      reason: 'It has soaked.',
      endedAt: '2026-11-23T10:00:00.000Z',
      components: [ran(first, digest), ran(second, other)],
      run: recordOf().run,
      recordDigest: digest,
    }
    const { evidence } = await ask([unasked, unasked], { staging })
    expect(evidence).toEqual([
      `${first}: ghcr.io/acme/${first}:v1.1.0@${digest}: ghcr.io wants credentials, and there are none here (401); staging's pods pulled it`,
      `${second}: ghcr.io/acme/${second}:v1.1.0@${digest}: ghcr.io wants credentials, and there are none here (401)`,
    ])
  })
})
