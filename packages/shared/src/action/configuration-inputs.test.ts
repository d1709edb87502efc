import { describe, expect, it } from '@jest/globals'
import { TEN_LINES } from '../runbook/example.ts'
import { loadRunbook } from '../runbook/load.ts'
import { configurationInputs, configurationSource } from './configuration-inputs.ts'

const input = configurationInputs['config-values']

describe('config-values', () => {
  it('are lines, with the value as it is', () => {
    expect(input.parse('A=1\n\nKAFKA.JAAS=x="y"; z\r\nEMPTY=\n')).toEqual({
      A: '1',
      'KAFKA.JAAS': 'x="y"; z',
      EMPTY: '',
    })
  })

  it.each([
    ['no assignment', 'A=1\nhunter2', 'line 2 is not KEY=value'],
    ['no key', '=hunter2', 'line 1 is not KEY=value'],
    ['the same twice', 'A=hunter2\nA=3', 'A is given twice'],
  ])('are refused without a word of a value: %s', (_, text, message) => {
    const { error } = input.safeParse(text)
    expect(error?.issues.map((issue) => issue.message)).toEqual([message])
  })
})

describe('configurationSource', () => {
  const runbook = (config: string) => loadRunbook(`${TEN_LINES}config: { ${config} }\n`, { file: 'r' })
  const named = runbook('config-map: settings, manifest: config/settings.yaml')

  it('is the file, or the values that are given', () => {
    const text = 'kind: ConfigMap\nmetadata: { name: settings }\ndata: { A: "1" }\n'
    expect(configurationSource(named, undefined, () => text)).toEqual({
      file: 'config/settings.yaml',
      data: { A: '1' },
    })
    expect(configurationSource(named, { A: '2' })).toEqual({ values: { A: '2' } })
  })

  it('says what is missing', () => {
    expect(() => configurationSource(runbook('config-map: settings'), undefined)).toThrow(
      'Nothing says what the configuration shall be.',
    )
    expect(() => configurationSource(named, undefined)).toThrow(
      'The file config/settings.yaml of the configuration cannot be read.',
    )
  })
})
