import { describe, expect, it } from '@jest/globals'
import { Registry } from './metrics.ts'

describe('Registry', () => {
  it('renders counters from 0 on, with the common labels', () => {
    const registry = new Registry({ version: 'v1.0.0' })
    registry.info('app_info', 'The version.', { component: 'download-worker' })
    const consumed = registry.counter('kafka_messages_consumed_total', 'Messages.', { topic: 'events' })
    expect(registry.render()).toBe(
      [
        '# HELP app_info The version.',
        '# TYPE app_info gauge',
        'app_info{version="v1.0.0",component="download-worker"} 1',
        '# HELP kafka_messages_consumed_total Messages.',
        '# TYPE kafka_messages_consumed_total counter',
        'kafka_messages_consumed_total{version="v1.0.0",topic="events"} 0',
        '',
      ].join('\n'),
    )
    consumed.increment()
    consumed.increment()
    expect(registry.render()).toContain('kafka_messages_consumed_total{version="v1.0.0",topic="events"} 2\n')
  })

  it('renders series of one name together, and a gauge as it was set last', () => {
    const registry = new Registry({})
    const outcome = (value: string) => registry.counter('downloads_total', 'Downloads.', { outcome: value })
    outcome('success').increment()
    const state = registry.gauge('circuit_breaker_state', 'State.', { breaker: 'onelake' })
    outcome('failure')
    state.set(2)
    state.set(1)
    expect(registry.render().split('\n')).toEqual([
      '# HELP downloads_total Downloads.',
      '# TYPE downloads_total counter',
      'downloads_total{outcome="success"} 1',
      'downloads_total{outcome="failure"} 0',
      '# HELP circuit_breaker_state State.',
      '# TYPE circuit_breaker_state gauge',
      'circuit_breaker_state{breaker="onelake"} 1',
      '',
    ])
  })

  it('counts an observation in every bucket that holds it, its bound included', () => {
    const registry = new Registry({})
    const duration = registry.histogram('seconds', 'Time.', [0.5, 5])
    for (const seconds of [0.25, 5, 7.5]) duration.observe(seconds)
    expect(registry.render().split('\n').slice(1)).toEqual([
      '# TYPE seconds histogram',
      'seconds_bucket{le="0.5"} 1',
      'seconds_bucket{le="5"} 2',
      'seconds_bucket{le="+Inf"} 3',
      'seconds_sum{} 12.75',
      'seconds_count{} 3',
      '',
    ])
  })

  it('escapes what a label may not hold as it is', () => {
    const registry = new Registry({ version: 'a"b\\c\nd' })
    registry.info('app_info', 'The version.')
    expect(registry.render()).toContain(String.raw`app_info{version="a\"b\\c\nd"} 1`)
  })
})
