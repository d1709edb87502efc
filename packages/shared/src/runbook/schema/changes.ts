import * as z from 'zod'
import { count, duration, text } from '../fields.ts'
import { section } from '../section.ts'
import { type ChangeClass, STRATEGIES } from './names.ts'

const BEFORE_MINOR = [
  'Load test: performance is validated under the expected load',
  'Rollback plan: the procedure is documented and tested',
  'Stakeholders are told of the deployment window',
  'Runbooks: new operational procedures are documented',
]
const BEFORE_MAJOR = [
  ...BEFORE_MINOR,
  'Architecture review: the design is reviewed by principal engineers',
  'Capacity: resource requirements are validated',
  'Feature flags: new features are behind flags',
  'Canary strategy: the gradual shift of traffic is planned',
  'Communication: user-facing changes are announced',
]

interface Defaults {
  risk: 'low' | 'medium' | 'high'
  approval: string
  strategy?: 'rolling' | 'canary'
  window?: 'preferred' | 'any'
  watch?: string
  confirm?: string[]
  what: string
}

function changeClass(defaults: Defaults) {
  const watch = duration
  return section({
    risk: z.enum(['low', 'medium', 'high']).prefault(defaults.risk).describe('Risk, as it stands in the ticket.'),
    approval: text('the name of a GitHub environment')
      .prefault(defaults.approval)
      .describe('GitHub environment whose reviewers approve.'),
    approvers: count(1).max(6, { error: 'at most 6 approvers' }).prefault(1).describe('Different people who must approve.'),
    strategy: z
      .enum(STRATEGIES)
      .prefault(defaults.strategy ?? 'rolling')
      .describe('How the version reaches production.'),
    window: z
      .enum(['preferred', 'any'])
      .prefault(defaults.window ?? 'preferred')
      .describe('`preferred`: the deployment window applies. `any`: this class may ship at any time.'),
    watch: (defaults.watch === undefined ? watch.optional() : watch.prefault(defaults.watch).optional()).describe(
      'Watch all gates this long, in place of the times of `watch`.',
    ),
    confirm: z
      .array(text('a line of the checklist'))
      .prefault(defaults.confirm ?? [])
      .describe('Lines that a person ticks off in the ticket before approving.'),
  })
    .prefault({})
    .describe(defaults.what)
}

const CLASSES = {
  configuration: changeClass({
    risk: 'low',
    approval: 'production-team-lead',
    what: 'Environment variables and settings, no new code.',
  }),
  patch: changeClass({ risk: 'low', approval: 'production-team-lead', what: 'Bug fixes and minor updates.' }),
  minor: changeClass({
    risk: 'medium',
    approval: 'production-product-owner',
    confirm: BEFORE_MINOR,
    what: 'New features and enhancements.',
  }),
  major: changeClass({
    risk: 'high',
    approval: 'production-engineering-manager',
    strategy: 'canary',
    confirm: BEFORE_MAJOR,
    what: 'Breaking changes and changes of architecture.',
  }),
  hotfix: changeClass({
    risk: 'medium',
    approval: 'production-on-call',
    window: 'any',
    watch: '30m',
    what: 'Emergency fixes of production: a tag such as v1.2.4-hotfix.',
  }),
} satisfies Record<ChangeClass, unknown>

/** What each class of change needs: the runbook's first table. */
export const changes = section(CLASSES)
