import { describe, expect, it } from '@jest/globals'
import { readOptions } from './options.ts'

describe('readOptions', () => {
  it('boots everything where nothing is given', () => {
    expect(readOptions([])).toMatchObject({ existing: {}, scenarios: [{ name: 'rolling' }] })
  })

  it('takes parts that run already', () => {
    const args = ['--kubeconfig', 'k.yaml', '--images', 'images', '--kafka', '127.0.0.1:9092, 127.0.0.1:9093']
    expect(readOptions(args).existing).toEqual({
      cluster: { kubeconfig: 'k.yaml', images: 'images' },
      kafka: ['127.0.0.1:9092', '127.0.0.1:9093'],
    })
  })

  it.each([
    [['--kubeconfig', 'k.yaml'], '--kubeconfig and --images belong together.'],
    [['--images', 'images'], '--kubeconfig and --images belong together.'],
    [['--kafka', 'broker'], '--kafka is wrong: "broker".'],
    [['--prometheus', 'http://127.0.0.1:9090'], 'No scenario asks a Prometheus yet'],
    [['--scenario', 'rollin'], 'There is no scenario rollin.'],
    [['--scenarios'], 'Unknown option'],
  ])('refuses %s', (args, message) => {
    expect(() => readOptions(args)).toThrow(message)
  })
})
