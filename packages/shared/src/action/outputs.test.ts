import { describe, expect, it } from '@jest/globals'
import { terminalOutput } from './outputs.ts'

describe('an output in a terminal', () => {
  const printed = (value: string): string => {
    let text = ''
    terminalOutput(
      (given) => given.replaceAll('canary', '***'),
      (given) => (text += given),
    )('record', value)
    return text
  }

  it('comes whole, however long it is: a record is read by the next command', () => {
    const record = { phases: Array.from({ length: 5_000 }, (_, index) => ({ index, reason: 'so it is' })) }
    const [, value = ''] = /^record: (.*)\n$/u.exec(printed(JSON.stringify(record))) ?? []
    expect(JSON.parse(value)).toEqual(record)
  })

  it('hides what is secret, and holds no command', () => {
    expect(printed('::error::canary\u001b[31m')).toBe('record: : :error::***\n')
  })
})
