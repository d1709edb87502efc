import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { QueryRejected } from './explain-monitoring.ts'
import { answerJson, matrix, MonitoringServer, type Asked } from './monitoring-server.fixture.ts'
import type { PrometheusApi } from './prometheus-api.ts'
import { PrometheusMetrics } from './prometheus-metrics.ts'

const { signal } = new AbortController()
const minute = 60_000
const series = { name: 'messages_total', labels: { topic: 'a"b' } }

let server: MonitoringServer
let api: PrometheusApi
let now: number
let metrics: PrometheusMetrics

beforeEach(async () => {
  server = await MonitoringServer.start()
  api = server.prometheus()
  now = 100 * minute
  metrics = new PrometheusMetrics({
    place: server.url,
    connect: () => api,
    pods: {
      namespace: 'team',
      deployments: ['worker', 'worker-canary', 'a.b'],
      labels: { namespace: 'ns', pod: 'pod_name' },
    },
    scrapeIntervalMs: 30_000,
    rateWindowMs: 5 * minute,
    coverage: 0.8,
    clock: { now: () => new Date(now) },
  })
})
afterEach(async () => {
  await api.close()
  await server.close()
})

const span = (fromMinute: number, toMinute = 1000) => ({
  from: new Date(fromMinute * minute),
  to: new Date(toMinute * minute),
})

/** One answer part of a component: the same value at each step that was asked for. */
function part(
  { parameters }: Asked,
  name: string,
  component: string,
  value: string | ((at: number) => string | undefined),
  labels: Record<string, string> = {},
) {
  const [start, end, step] = ['start', 'end', 'step'].map((key) => Number(parameters.get(key))) as [
    number,
    number,
    number,
  ]
  const values: [number, string][] = []
  for (let at = start; at <= end; at += step) {
    const text = typeof value === 'string' ? value : value(at / 60)
    if (text !== undefined) values.push([at, text])
  }
  return { metric: { runbook_part: name, runbook_component: component, ...labels }, values }
}

/** Whether it is the query that holds every series against itself. */
const isExact = ({ parameters }: Asked): boolean => parameters.get('query')?.includes('"count"') ?? false

describe('counting', () => {
  it('asks one range query for the steps of the span, of the pods of the pipeline only', async () => {
    server.handler = (asked, response) => {
      answerJson(
        response,
        matrix(
          part(asked, 'sum', 'worker', (at) => String(1000 + 7 * at)),
          part(asked, 'seen', 'worker', '2'),
          part(asked, 'scraped', 'worker', '2'),
        ),
      )
    }
    const counted = await metrics.counted(series, span(90), signal)
    expect([...counted]).toEqual([
      [
        'worker',
        [91, 92, 93, 94, 95, 96, 97, 98, 99].map((at) => ({
          from: (at - 1) * minute,
          at: at * minute,
          value: 7,
        })),
      ],
    ])
    expect(server.asked).toHaveLength(1)
    const { parameters } = server.asked[0]!
    expect([parameters.get('start'), parameters.get('end'), parameters.get('step')]).toEqual([
      // A step before the first one of the span: what it ends with is what that one begins with.
      '5400',
      '5940',
      '60',
    ])
    const query = parameters.get('query')!
    expect(query).toContain(
      String.raw`messages_total{topic="a\"b",ns="team",pod_name=~"(worker-canary|worker|a\\.b)-.+"}[1m]`,
    )
    expect(query).toContain('[10m] offset 1m')
    expect(query).toContain(
      String.raw`"runbook_component", "$1", "pod_name", "(worker-canary|worker|a\\.b)-.+"`,
    )
  })

  it('asks in a watch only for what is new, and nothing twice at the same time', async () => {
    server.handler = (asked, response) => {
      answerJson(
        response,
        matrix(
          part(asked, 'sum', 'worker', (at) => String(7 * at)),
          part(asked, 'seen', 'worker', '2'),
        ),
      )
    }
    const asked = (): [number, number][] =>
      server.asked.map(({ parameters }) => [
        Number(parameters.get('start')) / 60,
        Number(parameters.get('end')) / 60,
      ])
    const since = span(99)
    for (let look = 0; look <= 120; look += 1) {
      await Promise.all([metrics.counted(series, since, signal), metrics.counted(series, since, signal)])
      now += 30_000
    }
    // One request a look at most, and none of them for more than the last steps.
    expect(server.asked.length).toBeLessThanOrEqual(120)
    expect(Math.max(...asked().map(([start, end]) => end - start + 1))).toBeLessThanOrEqual(3)
    const [steps] = [...(await metrics.counted(series, since, signal)).values()]
    expect(steps).toHaveLength(61)
  })

  it('says that nothing matches by nothing', async () => {
    server.handler = (asked, response) => {
      answerJson(response, matrix(part(asked, 'scraped', 'worker', '2')))
    }
    expect(await metrics.counted(series, span(90), signal)).toEqual(new Map())
  })

  it('asks nothing for a span without a step', async () => {
    expect(await metrics.counted(series, span(99.5), signal)).toEqual(new Map())
    expect(server.asked).toEqual([])
  })

  it('is a gap where the pods were silent, not a zero and not a spike', async () => {
    const isSilent = (at: number): boolean => at >= 94 && at <= 96
    server.handler = (asked, response) => {
      const unlessSilent = (at: number, value: number) => (isSilent(at) ? undefined : String(value))
      answerJson(
        response,
        isExact(asked)
          ? matrix(part(asked, 'count', 'worker', (at) => unlessSilent(at, at === 97 ? 28 : 7)))
          : matrix(
              part(asked, 'sum', 'worker', (at) => unlessSilent(at, 7 * at)),
              part(asked, 'changed', 'worker', (at) => (at === 94 || at === 97 ? '2' : undefined)),
              part(asked, 'seen', 'worker', (at) => unlessSilent(at, 2)),
              part(asked, 'lost', 'worker', (at) => (isSilent(at) ? '2' : undefined)),
            ),
      )
    }
    const [steps] = [...(await metrics.counted(series, span(92), signal)).values()]
    expect(steps?.map(({ from, at, value }) => [from / minute, at / minute, value])).toEqual([
      [92, 93, 7],
      [93, 94, undefined],
      [94, 95, undefined],
      [95, 96, undefined],
      [93, 97, 28],
      [97, 98, 7],
      [98, 99, 7],
    ])
    expect(server.asked.map(({ parameters }) => Number(parameters.get('start')) / 60)).toEqual([92, 94])
  })

  it('asks series by series for the steps in which pods came, went or restarted, and for no others', async () => {
    server.handler = (asked, response) => {
      answerJson(
        response,
        isExact(asked)
          ? matrix(part(asked, 'count', 'worker', '9'), part(asked, 'count', 'a.b', '5'))
          : matrix(
              part(asked, 'sum', 'worker', (at) => String(7 * at)),
              part(asked, 'sum', 'a.b', (at) => String(3 * at)),
              part(asked, 'changed', 'worker', (at) => (at === 96 ? '1' : undefined)),
              part(asked, 'changed', 'a.b', (at) => (at === 94 ? '1' : undefined)),
              part(asked, 'seen', 'worker', '2'),
              part(asked, 'seen', 'a.b', '2'),
            ),
      )
    }
    const counted = await metrics.counted(series, span(92, 97), signal)
    const values = (component: string) => counted.get(component)?.map(({ value }) => value)
    expect(values('worker')).toEqual([7, 7, 7, 9, 7])
    expect(values('a.b')).toEqual([3, 5, 3, 3, 3])
    const [, exact] = server.asked
    expect(server.asked).toHaveLength(2)
    expect([Number(exact!.parameters.get('start')) / 60, Number(exact!.parameters.get('end')) / 60]).toEqual([
      94, 96,
    ])
  })
})

describe('a histogram', () => {
  it('is one query for all its buckets, whichever way a client writes their bounds', async () => {
    server.handler = (asked, response) => {
      const bucket = (le: string, count: string, seen: string) => [
        part(asked, 'sum', 'worker', (at) => String(at * Number(count)), { le }),
        part(asked, 'seen', 'worker', seen, { le }),
      ]
      answerJson(
        response,
        matrix(
          ...bucket('+Inf', '10', '3'),
          ...bucket('5', '6', '2'),
          ...bucket('5.0', '3', '1'),
          ...bucket('1', '2', '2'),
        ),
      )
    }
    const observed = await metrics.observed({ name: 'seconds', labels: {} }, span(98), signal)
    expect(observed.get('worker')).toEqual({
      // Only two of three pods have the bucket at 1 s.
      bounds: [5, Number.POSITIVE_INFINITY],
      steps: [{ from: 98 * minute, at: 99 * minute, value: [9, 10] }],
    })
    expect(server.asked).toHaveLength(1)
    expect(server.asked[0]?.parameters.get('query')).toContain('seconds_bucket{')
  })
})

describe('gauges', () => {
  it('are given one by one, scrape by scrape, and a missing scrape is a gap', async () => {
    server.handler = (asked, response) => {
      expect(asked.parameters.get('query')).toMatch(/last_over_time\(state\{.*\}\[45s\]\)/)
      const values: [number, string][] = [
        [99 * 60, '2'],
        [99.5 * 60, '0'],
      ]
      const found = { __name__: 'state', instance: '10.0.0.1:8000', job: 'pods', ns: 'team' }
      answerJson(response, matrix({ metric: { ...found, breaker: 'onelake' }, values }))
    }
    const gauges = await metrics.gauges({ name: 'state', labels: {} }, span(98), signal)
    expect(gauges).toEqual([
      {
        labels: { breaker: 'onelake' },
        history: [
          { at: 98.5 * minute, value: undefined },
          { at: 99 * minute, value: 2 },
          { at: 99.5 * minute, value: 0 },
        ],
      },
    ])
  })
})

describe('a team’s own query', () => {
  it('has the pods and the window put in, and gives one number a step', async () => {
    server.handler = (asked, response) => {
      answerJson(
        response,
        matrix({
          metric: {},
          values: [
            [5880, '0.5'],
            [5940, 'NaN'],
          ],
        }),
      )
      expect(asked.parameters.get('query')).toBe(
        String.raw`sum(rate(e{ns="team",pod_name=~"(worker-canary|worker|a\\.b)-.+"}[5m]))`,
      )
    }
    expect(await metrics.custom('sum(rate(e{$selector}[$window]))', span(97), signal)).toEqual([
      { at: 98 * minute, value: 0.5 },
      { at: 99 * minute, value: undefined },
    ])
  })

  it('that gives several numbers is an error in the runbook file', async () => {
    server.handler = (_, response) => {
      answerJson(
        response,
        matrix({ metric: { a: '1' }, values: [[5940, '1']] }, { metric: { a: '2' }, values: [[5940, '2']] }),
      )
    }
    await expect(metrics.custom('x', span(97), signal)).rejects.toThrow(QueryRejected)
  })
})
