import { describe, expect, it } from '@jest/globals'
import { readOptions } from './options.ts'

describe('readOptions', () => {
  it('boots everything where nothing is given', () => {
    expect(readOptions([])).toMatchObject({ existing: {}, scenarios: [{ name: 'rolling' }] })
  })

  it('takes parts that run already', () => {
    const args = ['--kubeconfig', 'k.yaml', '--images', 'images', '--kafka', '127.0.0.1:9092, 127.0.0.1:9093']
    expect(readOptions([...args, '--prometheus', 'http://127.0.0.1:9090/prefix']).existing).toEqual({
      cluster: { kubeconfig: 'k.yaml', images: 'images' },
      kafka: ['127.0.0.1:9092', '127.0.0.1:9093'],
      prometheus: 'http://127.0.0.1:9090/prefix',
    })
  })

  it.each([
    [['--kubeconfig', 'k.yaml'], '--kubeconfig and --images belong together.'],
    [['--images', 'images'], '--kubeconfig and --images belong together.'],
    [['--kafka', 'broker'], '--kafka is wrong: "broker".'],
    [['--prometheus', '127.0.0.1:9090'], '--prometheus is wrong: "127.0.0.1:9090".'],
    [['--prometheus', 'http://127.0.0.1:9090'], '--prometheus needs --kubeconfig.'],
    [['--scenario', 'rollin'], 'There is no scenario rollin.'],
    [['--scenarios'], 'Unknown option'],
  ])('refuses %s', (args, message) => {
    expect(() => readOptions(args)).toThrow(message)
  })
})
