import { parseDocument, type Document } from 'yaml'

/** What a scenario changes in the runbook file. */
export type RunbookEdit = (document: Document) => void

/** How often the rehearsal's Prometheus scrapes the pods. */
export const scrapeInterval = '1s'

/**
 * The example's runbook file with the times of a rehearsal: shorter, and a window that is always open, because
 * rehearsals run at any hour (on a holiday it warns). Time is compressed only here, through the file's own keys.
 */
export function rehearsalRunbook(text: string, edit: RunbookEdit = () => undefined): string {
  const document = parseDocument(text)
  const [problem] = document.errors
  if (problem !== undefined) throw problem
  document.setIn(['rollout', 'settle'], '2s')
  document.setIn(['prometheus', 'scrape-interval'], scrapeInterval)
  document.setIn(['prometheus', 'rate-window'], '10s')
  document.setIn(['prometheus', 'retry-for'], '10s')
  // Prometheus takes up to five seconds to see a new pod: nothing of a quarter of an hour, and a third of these times.
  document.setIn(['prometheus', 'coverage'], '50%')
  // Prometheus does not look at it: so that a secret of the runbook file goes all the way, and shows if it is printed.
  document.setIn(['prometheus', 'headers', 'X-Rehearsal'], '${REHEARSAL_TOKEN}')
  document.setIn(['environments', 'staging', 'soak'], '15s')
  document.setIn(['watch', 'critical', 'for'], '15s')
  document.setIn(['watch', 'important', 'for'], '25s')
  document.setIn(['watch', 'every'], '2s')
  // Production runs for a few seconds only before it is deployed to.
  document.setIn(['watch', 'baseline'], '10s')
  document.setIn(['watch', 'hold'], '20s')
  document.setIn(
    ['gates', 'consumer-lag'],
    document.createNode({ every: '1s', trend: '5s', 'rebalance-cap': '2s', baseline: '30s' }),
  )
  document.setIn(
    ['window'],
    document.createNode({ hours: 'Mon-Sun 00:00-24:00', holidays: 'DE-BE', avoid: [] }),
  )
  edit(document)
  return document.toString()
}
