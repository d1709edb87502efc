import { describe, expect, it } from '@jest/globals'
import { UserError } from '../errors.ts'
import { FakeForge } from '../github/forge.fixture.ts'
import type { Alerts, FiringAlert } from '../metrics/alerts.ts'
import { recordOf } from '../record/record.fixture.ts'
import { TEN_LINES } from '../runbook/example.ts'
import { loadRunbook } from '../runbook/load.ts'
import { runGates, type Occasion } from './gate.ts'
import { noActiveIncident } from './no-active-incident.ts'
import { contextOf } from './sources.fixture.ts'

const silence: Alerts = {
  source: 'https://alertmanager.example',
  firing: () => Promise.resolve([]),
  rules: () => Promise.resolve(undefined),
}
const alert = (more: Partial<FiringAlert> = {}): FiringAlert => ({
  name: 'LagHigh',
  labels: { alertname: 'LagHigh', severity: 'critical', group: 'workers' },
  since: new Date('2026-11-23T09:00:00Z'),
  summary: 'lag is high',
  muted: undefined,
  ...more,
})
const incident = (number: number) => ({
  number,
  title: 'Broker down',
  url: `https://github.example/acme/x/issues/${number}`,
  openedAt: new Date('2026-11-23T08:00:00Z'),
})

interface Asked {
  readonly forge?: FakeForge | undefined
  readonly alerts?: Partial<Alerts>
  readonly keys?: string
  readonly changeClass?: string
  readonly occasion?: Occasion
}

async function ask({
  alerts = {},
  keys = '',
  changeClass = 'minor',
  occasion = 'preflight',
  ...more
}: Asked) {
  const forge = 'forge' in more ? more.forge : new FakeForge()
  const runbook = loadRunbook(`${TEN_LINES}${keys}`, { file: 'runbook.yaml' })
  const record = recordOf({ class: changeClass })
  const context = contextOf({ forge, alerts: { ...silence, ...alerts }, runbook, record, occasion })
  const [result] = await runGates([noActiveIncident], context, new AbortController().signal)
  return result
}
const saying = (text: string): unknown => expect.stringContaining(text)
const firing = (...alerts: FiringAlert[]): Partial<Alerts> => ({ firing: () => Promise.resolve(alerts) })

describe('no-active-incident', () => {
  it('passes where no issue is open and no alert fires', async () => {
    expect(await ask({})).toMatchObject({
      verdict: 'pass',
      answer:
        'No open issue is labelled "incident". No alert of severity critical fires at https://alertmanager.example.',
    })
  })

  it('fails on an open issue of any label of incidents, once', async () => {
    const forge = new FakeForge()
    forge.issues.set('incident', [incident(7)]).set('outage', [incident(7), incident(8)])
    expect(
      await ask({ forge, keys: 'gates: { incidents: { labels: [incident, outage] } }\n' }),
    ).toMatchObject({
      verdict: 'fail',
      answer: saying('2 incidents are open: #7 Broker down, #8 Broker down.'),
      evidence: [
        '#7 Broker down, open since 2026-11-23T08:00:00.000Z: https://github.example/acme/x/issues/7',
        saying('#8'),
      ],
    })
  })

  it('fails on an alert of a severity that counts, and says since when', async () => {
    const other = alert({ name: 'DiskSlow', labels: { severity: 'warning' } })
    expect(await ask({ alerts: firing(alert(), other) })).toMatchObject({
      verdict: 'fail',
      answer: saying('Alerts fire: LagHigh.'),
      evidence: [
        'LagHigh {severity="critical", group="workers"} since 2026-11-23T09:00:00.000Z: lag is high',
        '1 alert fires, of other severities than critical',
      ],
    })
    expect(await ask({ alerts: firing(other) })).toMatchObject({ verdict: 'pass' })
  })

  it('tells a muted alert, and does not stop for it', async () => {
    expect(await ask({ alerts: firing(alert({ muted: 'silenced' })) })).toMatchObject({
      verdict: 'warn',
      answer: saying('1 alert fires muted: LagHigh.'),
      evidence: [saying('silenced: LagHigh')],
    })
  })

  it('blocks where one of both cannot be reached, with the reason, and still says what the other found', async () => {
    const unreachable = {
      firing: () => Promise.reject(new UserError('Alertmanager does not answer.', 'Start it.')),
    }
    expect(await ask({ alerts: unreachable })).toMatchObject({
      verdict: 'unknown',
      answer: 'No open issue is labelled "incident". Alertmanager does not answer. Start it.',
    })
    const forge = new FakeForge()
    forge.issues.set('incident', [incident(7)])
    expect(await ask({ forge, alerts: unreachable })).toMatchObject({ verdict: 'fail', answer: saying('#7') })
    expect(await ask({ forge: undefined })).toMatchObject({ verdict: 'unknown', answer: saying('no token') })
  })

  it('says where nobody is asked about alerts', async () => {
    expect(await ask({ alerts: { source: undefined } })).toMatchObject({
      verdict: 'pass',
      answer: saying('names neither Alertmanager nor Prometheus'),
    })
    expect(
      await ask({ alerts: { source: undefined }, keys: 'gates: { incidents: { labels: [] } }\n' }),
    ).toMatchObject({ verdict: 'inconclusive' })
  })

  it('is recorded and blocks nothing before a hotfix', async () => {
    expect(await ask({ alerts: firing(alert()), changeClass: 'hotfix', occasion: 're-check' })).toMatchObject(
      {
        verdict: 'warn',
        answer: saying('fail, recorded, not blocking for a hotfix: No open issue'),
      },
    )
    expect(
      await ask({ alerts: firing(alert()), changeClass: 'hotfix', occasion: 'post-deploy' }),
    ).toMatchObject({
      verdict: 'fail',
    })
  })
})
