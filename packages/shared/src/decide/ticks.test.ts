import { describe, expect, it } from '@jest/globals'
import { whoTicked, type SeenTick } from './ticks.ts'

const version = (isTicked: boolean, by: string | undefined = 'rosa', isPerson = true): SeenTick => ({
  isTicked,
  by,
  isPerson,
  at: new Date('2026-11-23T10:00:00Z'),
})
const bot = (isTicked: boolean): SeenTick => version(isTicked, 'github-actions', false)

describe('whoTicked', () => {
  it.each<[string, boolean, readonly SeenTick[], object]>([
    ['not ticked', false, [bot(false), version(true)], { state: 'open' }],
    ['ticked by a person', true, [bot(false), version(true)], { state: 'ticked', by: 'rosa' }],
    [
      'ticked by a person and kept by the workflow',
      true,
      [bot(false), version(true), bot(true), bot(true)],
      { state: 'ticked', by: 'rosa' },
    ],
    [
      'ticked again by another one',
      true,
      [bot(false), version(true), version(false), version(true, 'zoe'), bot(true)],
      { state: 'ticked', by: 'zoe' },
    ],
    ['ticked from the beginning', true, [version(true)], { state: 'ticked', by: 'rosa' }],
    ['ticked by the workflow', true, [bot(false), bot(true)], { state: 'unattributed' }],
    [
      'unticked by a person, and brought back by the workflow',
      true,
      [bot(false), version(true), version(false), bot(true)],
      {
        state: 'unattributed',
        why: expect.stringContaining('github-actions, which is no person') as unknown,
      },
    ],
    [
      'ticked by an account that is gone',
      true,
      [bot(false), { ...version(true), by: undefined }],
      { state: 'unattributed' },
    ],
    ['ticked, and no history tells of it', true, [], { state: 'unattributed' }],
    ['ticked after what the history tells', true, [bot(false)], { state: 'unattributed' }],
  ])('%s', (_, isTicked, history, wanted) => {
    expect(whoTicked(isTicked, history)).toMatchObject(wanted)
  })
})
