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

  it('plays all on a cluster of its own, and on somebody else’s what does nothing to it', () => {
    const names = (...args: string[]) => readOptions(args).scenarios.map(({ name }) => name)
    expect(names('--scenario', 'all')).toContain('api-faults')
    const there = names('--scenario', 'all', '--kubeconfig', 'k.yaml', '--images', 'images')
    expect(there).toContain('rolling')
    expect(there).not.toContain('api-faults')
  })

  it.each([
    [['--kubeconfig', 'k.yaml'], '--kubeconfig and --images belong together.'],
    [['--images', 'images'], '--kubeconfig and --images belong together.'],
    [['--kafka', 'broker'], '--kafka is wrong: "broker".'],
    [['--prometheus', '127.0.0.1:9090'], '--prometheus is wrong: "127.0.0.1:9090".'],
    [['--prometheus', 'http://127.0.0.1:9090'], '--prometheus needs --kubeconfig.'],
    [['--scenario', 'api-faults', '--kubeconfig', 'k.yaml', '--images', 'images'], 'is not done to somebody'],
    [['--scenario', 'rollin'], 'There is no scenario rollin.'],
    [['--scenarios'], 'Unknown option'],
  ])('refuses %s', (args, message) => {
    expect(() => readOptions(args)).toThrow(message)
  })
})
