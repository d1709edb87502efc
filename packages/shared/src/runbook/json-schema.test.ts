import { describe, expect, it } from '@jest/globals'
import { Ajv } from 'ajv'
import { parse } from 'yaml'
import { TEN_LINES } from './example.ts'
import { type JsonSchema, runbookJsonSchema } from './json-schema.ts'

const schema = runbookJsonSchema()
// `title` and `writeOnly` are annotations; strict mode would only complain about them.
const validate = new Ajv({ strict: false, allErrors: true }).compile(schema)

/** Every schema inside, with the path that leads to it. */
function* inside(node: JsonSchema, path = ''): Generator<[string, JsonSchema]> {
  yield [path, node]
  for (const [key, property] of Object.entries(node.properties ?? {}))
    yield* inside(property, `${path}.${key}`)
  if (typeof node.additionalProperties === 'object')
    yield* inside(node.additionalProperties, `${path}.<name>`)
  if (node.items !== undefined) yield* inside(node.items, `${path}[]`)
  for (const one of [...(node.anyOf ?? []), ...(node.oneOf ?? [])]) yield* inside(one, path)
}

describe('the JSON Schema', () => {
  it('accepts the ten lines', () => {
    expect(validate(parse(TEN_LINES))).toBe(true)
  })

  it.each([
    ['an unknown key', 'canry: {}'],
    ['the camel case of a key', 'rollout: { imagePull: 42s }'],
    ['a number for a duration', 'rollout: { deadline: 600 }'],
    ['a share without its sign', 'gates: { error-rate: { max: 0.01 } }'],
    ['an unknown gate', 'watch: { critical: { gates: [consumer-lags] } }'],
    ['a trigger with the key of another', 'rollback: { triggers: [{ gate: consumer-lag, above: 5% }] }'],
    ['a secret written out', 'notify: { webhook: "https://hooks.example/x" }'],
    ['an empty list of gates', 'watch: { critical: { gates: [] } }'],
  ])('refuses %s', (_, line) => {
    expect(validate(parse(TEN_LINES + line))).toBe(false)
  })

  it('has a description for every key', () => {
    const silent = [...inside(schema)].filter(
      ([path, { description }]) => /\.[\w<>-]+$/.test(path) && !description,
    )
    const choosers = ['.kafka.sasl.mechanism', '.rollback.triggers[].gate']
    const items = ['.environments.<name>', '.gates.command.<name>']
    const alternatives = /\.(tls|health|metrics|canary|sasl)$/
    expect(
      silent
        .map(([path]) => path)
        .filter((path) => ![...choosers, ...items].includes(path) && !alternatives.test(path)),
    ).toEqual([])
  })

  it('has defaults that it accepts itself', () => {
    const ajv = new Ajv({ strict: false })
    for (const [path, node] of inside(schema)) {
      if (!('default' in node)) continue
      expect([path, ajv.compile(node)(node.default)]).toEqual([path, true])
    }
  })

  it('uses the parts of JSON Schema that its type names', () => {
    expect(JSON.stringify(schema)).not.toContain('"$ref"')
    expect(schema.$schema).toBe('http://json-schema.org/draft-07/schema#')
  })
})
