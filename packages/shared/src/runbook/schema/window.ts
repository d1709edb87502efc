import * as z from 'zod'
import { text } from '../fields.ts'
import { section } from '../section.ts'
import { parseWeeklyHours } from '../weekly-hours.ts'
import { isIsoDate } from '../iso-date.ts'
import { isTimeZone, timeZoneNames } from '../time-zone.ts'
import { didYouMean } from '../suggest.ts'

/** Times that the runbook avoids, by name. */
export const AVOIDED = ['friday-afternoon', 'weekend', 'holiday', 'day-before-holiday'] as const
export type Avoided = (typeof AVOIDED)[number]

const timeZone = z.string({ error: 'an IANA time zone such as Europe/Berlin' }).superRefine((name, context) => {
  if (isTimeZone(name)) return
  context.addIssue({
    code: 'custom',
    message: `found ${JSON.stringify(name)}, expected an IANA time zone such as Europe/Berlin${didYouMean(name, timeZoneNames())}`,
  })
})

const hours = z.string({ error: 'hours such as "Mon-Thu 09:00-17:00, Fri 09:00-12:00"' }).transform((source, context) => {
  const parsed = parseWeeklyHours(source)
  if ('ranges' in parsed) return { text: source, ranges: parsed.ranges }
  context.addIssue({ code: 'custom', message: parsed.problem, params: { offset: parsed.offset } })
  return z.NEVER
})

const dateError = 'a date such as 2026-12-24'
const date = z.string({ error: dateError }).refine(isIsoDate, { error: `expected ${dateError} that exists` }).meta({ title: 'date' })

const freeze = section({
  from: date.describe('First day.'),
  to: date.optional().describe('Last day. Default: the first.'),
  reason: text('a reason such as year-end close').optional().describe('Why, for the message.'),
})
  .superRefine(({ from, to }, context) => {
    if (to === undefined || to >= from) return
    context.addIssue({ code: 'custom', path: ['to'], message: `a freeze ends on or after its first day, ${from}` })
  })
  .transform(({ from, to, ...rest }) => ({ ...rest, from, to: to ?? from }))

/** When production is deployed. */
export const window = section({
  'time-zone': timeZone.meta({ title: 'IANA time zone' }).prefault('UTC').describe('Time zone of the hours and days.'),
  hours: hours
    .meta({ title: 'weekly hours' })
    .prefault('Mon-Thu 09:00-17:00, Fri 09:00-12:00')
    .describe('Preferred hours. Outside them a deployment warns.'),
  avoid: z
    .array(z.enum(AVOIDED))
    .prefault(['friday-afternoon', 'day-before-holiday'])
    .describe('Times at which a deployment is blocked. Friday afternoon begins at 12:00.'),
  holidays: z
    .string({ error: 'a country, or country and region, such as DE or DE-BE' })
    .regex(/^[A-Z]{2}(?:-[A-Z0-9]{1,3}){0,2}$/, { error: 'a country, or country and region, such as DE or DE-BE' })
    .meta({ title: 'region' })
    .optional()
    .describe('Country and region whose public holidays apply. A holiday has no preferred hours. Absent: only `days-off`.'),
  'days-off': z
    .array(section({ date: date.describe('The day.'), name: text('a name such as company day').describe('What it is.') }))
    .prefault([])
    .describe('Holidays of your own, on top of those of the region.'),
  freezes: z.array(freeze).prefault([]).describe('Days of your own at which a deployment is blocked.'),
})
