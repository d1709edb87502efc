import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import * as z from 'zod'
import { readInputs } from './inputs.ts'
import { runbookVariables, variableInputs } from './runbook-variables.ts'

const schema = z.object(variableInputs)

/** What the inputs of a workflow's step give, and what was masked. */
function given(inputs: { variables?: string; secrets?: string }, environment: Record<string, string> = {}) {
  const masked: string[] = []
  const mask = (value: string): void => {
    masked.push(value)
  }
  const parsed = readInputs(
    schema,
    {
      kind: 'runner',
      environment: { INPUT_VARIABLES: inputs.variables, 'INPUT_SECRET-VARIABLES': inputs.secrets },
    },
    mask,
  )
  return { variables: runbookVariables({ inputs: parsed, variables: environment, mask }), masked }
}

describe('runbookVariables', () => {
  it('takes all variables of the repository and the environment', () => {
    const { variables, masked } = given({ variables: '{"KAFKA_BROKERS":"one:9092,two:9092","REGION":"eu"}' })
    expect(variables).toEqual({ KAFKA_BROKERS: 'one:9092,two:9092', REGION: 'eu' })
    expect(masked).toEqual([])
  })

  it('takes secrets as they are, and masks each of them', () => {
    const secrets = [
      'KAFKA_PASSWORD=a=b #c "d" $e ',
      '',
      'KAFKA_CA<<END',
      '-----BEGIN CERTIFICATE-----',
      'KEY=',
      '-----END CERTIFICATE-----',
      'END',
      'PROMETHEUS_TOKEN=t0ken',
    ].join('\n')
    const certificate = '-----BEGIN CERTIFICATE-----\nKEY=\n-----END CERTIFICATE-----'
    const { variables, masked } = given({ secrets })
    expect(variables).toEqual({
      KAFKA_PASSWORD: 'a=b #c "d" $e ',
      KAFKA_CA: certificate,
      PROMETHEUS_TOKEN: 't0ken',
    })
    expect(masked).toEqual([secrets, 'a=b #c "d" $e ', certificate, 't0ken'])
  })

  it('asks secrets first, then the environment, then variables; what is empty is not there', () => {
    const variables = '{"A":"variable","B":"variable","C":"variable","D":"variable"}'
    const secrets = 'A=secret\nB='
    expect(given({ variables, secrets }, { A: 'env', B: 'env', C: '' }).variables).toEqual({
      A: 'secret',
      B: 'env',
      C: 'variable',
      D: 'variable',
    })
  })

  it('reads back any values', () => {
    const name = fc.stringMatching(/^[A-Z_][A-Z0-9_]{0,8}$/)
    const value = fc.stringMatching(/^[!-~]([ -~]*[!-~])?$/)
    fc.assert(
      fc.property(fc.dictionary(name, value, { minKeys: 1 }), (wanted) => {
        const secrets = Object.entries(wanted).map(([key, text]) => `${key}=${text}`)
        expect(given({ secrets: secrets.join('\n') }).variables).toEqual({ ...wanted })
        const long = Object.entries(wanted).map(([key, text]) => `${key}<<---\n${text}x\n${text}y\n---`)
        const twice = Object.entries(wanted).map(([key, text]) => [key, `${text}x\n${text}y`])
        expect(given({ secrets: long.join('\r\n') }).variables).toEqual(Object.fromEntries(twice))
      }),
    )
  })

  it.each([
    [{ variables: 'KAFKA_BROKERS=one' }, 'Input "variables"'],
    [{ variables: '{"KAFKA_BROKERS":{}}' }, 'Input "variables"'],
    [{ secrets: 'GOOD=1\nhunter2' }, 'Input "secret-variables": line 2 is neither NAME=value nor NAME<<END.'],
    [{ secrets: 'KAFKA_CA<<END\nhunter2' }, 'line 1 opens KAFKA_CA, which no line END closes'],
  ])('refuses %j without telling a secret', (inputs, message) => {
    expect(() => given(inputs)).toThrow(message)
    expect(() => given(inputs)).not.toThrow('hunter2')
  })
})
