import { readRecord, recordDigest } from '../../packages/shared/src/record/text.ts'
import { production, staging } from '../world/environment.ts'
import { recordStore } from '../world/seed.ts'
import { equal, says } from './checks.ts'
import { readConfigMap } from './configuration.ts'
import { checkInvariants } from './invariants.ts'
import { look } from './observe.ts'
import type { Scenario } from './scenario.ts'
import { checkTicket, ticketNumber } from './ticket.ts'

/** The main job: a pushed tag becomes a verified production rollout. */
export const rolling: Scenario = {
  name: 'rolling',
  title: 'v1.1.0 over v1.0.0: staging, approval, rollout, validation, tag and log',
  async play(stage) {
    const { world, checks } = stage
    const deployed = await stage.deploy({ version: 'v1.1.0' })
    const { commit, result, run } = deployed
    const { repository } = world

    await checks.that('the run is green', () => equal(result.conclusion, 'success'))
    const inStaging = await look(world, staging)
    const inProduction = await look(world, production)
    for (const [name, found] of Object.entries(inProduction)) {
      await checks.that(`${name}: every pod runs what staging ran`, () => {
        const same = found.digests.length === 1 && found.digests[0] === inStaging[name]?.digests[0]
        const pinned = found.image === `registry.local/${name}:v1.1.0@${found.digests[0] ?? ''}`
        return { ok: same && pinned, found: `${found.pods} pods on ${found.image}` }
      })
      await checks.that(`${name}: all pods Ready, none of the old ones left`, () =>
        equal({ ready: found.ready, old: found.old }, { ready: found.pods, old: 0 }),
      )
    }
    await checks.that('six download workers run', () => equal(inProduction['download-worker']?.pods, 6))

    await checks.that('v1.1.0-prod is an annotated tag on the released commit', async () =>
      equal(
        [
          await repository.inBare('cat-file', '-t', 'v1.1.0-prod'),
          await repository.inBare('rev-parse', 'v1.1.0-prod^{commit}'),
        ],
        ['tag', commit],
      ),
    )
    const log = await repository
      .inBare('show', 'deployment-log:deployment-log.txt')
      .catch((error: unknown) => String(error))
    await checks.that('the deployment log has one line', () => {
      const lines = log
        .split('\n')
        .filter((line) =>
          line.includes('Deployed v1.1.0 event-ingester, download-worker, result-processor successfully'),
        )
      return { ok: lines.length === 1, found: lines.join(' | ') || log.slice(0, 300) }
    })
    await checks.that('the log names who deployed and who approved', () =>
      says(log, /by rosa, approved by marc/),
    )

    await checks.that('the whole record is kept, and its digest stands in the tag', async () => {
      const path = `records/kafka-pipeline/production/v1.1.0/${String(run.runId)}-1.json`
      const record = readRecord(await repository.inBare('show', `deployment-log:${path}`), path)
      const message = await repository.inBare('tag', '-l', '--format=%(contents)', 'v1.1.0-prod')
      const phases = record.phases.map(({ phase, outcome }) => `${phase} ${outcome}`)
      return {
        ok: message.includes(recordDigest(record)) && phases.every((phase) => phase.endsWith('passed')),
        found: phases.join(', '),
      }
    })
    await checks.that(
      'preflight found the release reviewed, tested and documented, no incident, and the team’s own question answered',
      async () => {
        const { latest } = await recordStore(world.api, production).load()
        const gates = latest?.phases.find(({ phase }) => phase === 'preflight')?.gates ?? []
        const asked = [
          'change-reviewed',
          'checks-green',
          'docs-updated',
          'checklist',
          'no-active-incident',
          'command/topics-agreed',
        ]
        const found = asked.map((name) => gates.find(({ gate }) => gate === name))
        return {
          ok: found.every((gate) => gate?.verdict === 'pass'),
          found: found.map((gate) => gate?.answer).join(' '),
        }
      },
    )
    await checks.that('the record says who answered each line of the checklist, and when', async () => {
      const { latest } = await recordStore(world.api, production).load()
      const gates = latest?.phases.find(({ phase }) => phase === 'approve')?.gates ?? []
      const answered = gates.flatMap(({ checklist = [] }) => checklist)
      const people = answered.map(({ by, at }) => (at === undefined ? undefined : by))
      return equal(people, ['rosa', 'rosa', 'rosa', 'rosa'])
    })
    await checks.that('the plan looked the coming holidays up', async () => {
      const { latest } = await recordStore(world.api, production).load()
      const names = latest?.holidays?.dates.map(({ name }) => name).join(', ') ?? ''
      return { ok: latest?.holidays?.region === 'DE-BE' && names !== '', found: names }
    })
    await checks.that('production remembers v1.1.0 as known good', async () => {
      const { knownGood } = await recordStore(world.api, production).load()
      return equal([knownGood?.version, knownGood?.components.length], ['v1.1.0', 3])
    })
    await checks.that('the snapshot keeps v1.0.0: three Deployments and their ConfigMap', async () => {
      const { latest } = await recordStore(world.api, production).load()
      const { deployments = [], configMaps = [] } = latest?.snapshot ?? {}
      const copy = configMaps[0]?.copy ?? 'none'
      const immutable = await readConfigMap(world, copy, '{.immutable}')
      return equal(
        [deployments.length, configMaps.map(({ name }) => name), immutable],
        [3, ['kafka-pipeline-config'], 'true'],
      )
    })
    await checks.that('the log shows the runbook’s own lines', () =>
      says(result.log, /out of 6 new replicas have been updated\.\.\./),
    )
    await checks.that('rollout history names version and person', async () =>
      says(
        await world.cluster.kubectlRun([
          'rollout',
          'history',
          'deployment/download-worker',
          '-n',
          production.namespace,
        ]),
        /v1\.1\.0 \(minor\) by rosa/,
      ),
    )
    await checkTicket(stage, {
      state: 'closed',
      firstLine: /^## ✅ v1\.1\.0 is live in production$/,
      says: ['v1.1.0 over v1.0.0', 'WP-123', '**Deployed By**: @rosa', '**Approved By**: @marc'],
    })
    await checks.that('log and tag name the ticket', async () => {
      const number = String(ticketNumber(stage))
      const message = await repository.inBare('tag', '-l', '--format=%(contents)', 'v1.1.0-prod')
      return equal(
        [log.includes(`ticket #${number},`), message.includes(`Ticket: #${number} `)],
        [true, true],
      )
    })
    await checkInvariants(stage, deployed)
  },
}
