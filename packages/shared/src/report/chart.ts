import type { GateHistory, GateResult } from '../record/gate-result.ts'
import { details } from './markdown.ts'
import { formatSpan, formatTime } from './numbers.ts'
import { visible } from './sanitise.ts'

/** More points than this make the lines of a chart a smear, and its text long. */
const maxPoints = 120

const headroom = 1.1

/** The chart's own words hold no quote and no line end: either would end the title, and the chart with it. */
function title(text: string): string {
  return visible(text).replace(/["\n\r]/gu, '')
}

/**
 * What a gate measured over time beside its limit, as a Mermaid chart (`xychart-beta`). Undefined where there are fewer than
 * two points. Mermaid draws no gaps: a time without a measurement repeats the value before it, and is told below the chart.
 */
export function historyChart(
  { gate, history }: Pick<GateResult, 'gate' | 'history'>,
  timeZone: string,
): string | undefined {
  if (history === undefined) return undefined
  const { values, stepMs } = resampled(history)
  const drawn = withoutGaps(values)
  if (drawn === undefined || drawn.length < 2) return undefined
  const { from, unit, limit } = history
  const top = Math.max(...drawn, limit ?? 0)
  const minutes = ((drawn.length - 1) * stepMs) / 60_000
  const start = formatTime(new Date(from), timeZone)
  const name = gate.replaceAll('-', ' ')
  const limitTitle = limit === undefined ? '' : `, red: limit ${number(limit)}`
  return [
    '```mermaid',
    '---',
    'config:',
    '  xyChart:',
    '    width: 900',
    '    height: 320',
    '  themeVariables:',
    '    xyChart:',
    '      plotColorPalette: "#0969da, #cf222e"',
    '---',
    'xychart-beta',
    `  title "${title(`${name} in ${unit} — blue: measured${limitTitle}`)}"`,
    `  x-axis "${title(`minutes since ${start}`)}" 0 --> ${number(minutes)}`,
    `  y-axis "${title(unit)}" 0 --> ${number(top > 0 ? top * headroom : 1)}`,
    `  line [${drawn.map(number).join(', ')}]`,
    ...(limit === undefined ? [] : [`  line [${drawn.map(() => number(limit)).join(', ')}]`]),
    '```',
    ...gapNote(values, stepMs, new Date(from), timeZone),
  ].join('\n')
}

/** The charts of all gates that have one, folded; empty where none has. */
export function charts(results: readonly GateResult[], timeZone: string): string {
  const drawn = results.flatMap((result) => historyChart(result, timeZone) ?? [])
  return drawn.length === 0 ? '' : details('Charts', drawn.join('\n\n'))
}

/** Mermaid knows no exponents. */
function number(value: number): string {
  return String(Number(value.toFixed(4)))
}

type Values = GateHistory['values']

/** Neighbours are put together where there are too many; the highest of them is drawn, so that no spike is lost. */
function resampled({ values, stepMs }: GateHistory): { readonly values: Values; readonly stepMs: number } {
  const size = Math.ceil(values.length / maxPoints)
  if (size <= 1) return { values, stepMs }
  const slots = Array.from({ length: Math.ceil(values.length / size) }, (_, slot) => {
    const some = values.slice(slot * size, (slot + 1) * size).filter((value) => value !== null)
    return some.length === 0 ? null : Math.max(...some)
  })
  return { values: slots, stepMs: stepMs * size }
}

/** Undefined where nothing was measured at all. What is missing at the beginning is drawn as the first value. */
function withoutGaps(values: Values): number[] | undefined {
  let last = values.find((value) => value !== null)
  if (last === undefined) return undefined
  const drawn: number[] = []
  for (const value of values) {
    last = value ?? last
    drawn.push(last)
  }
  return drawn
}

function gapNote(values: Values, stepMs: number, from: Date, timeZone: string): string[] {
  const timeOf = (index: number): Date => new Date(from.getTime() + index * stepMs)
  const gaps: string[] = []
  for (let index = 0; index < values.length; index += 1) {
    if (values[index] !== null) continue
    const begin = index
    while (index + 1 < values.length && values[index + 1] === null) index += 1
    // Each value is that of the step which ends at its time.
    gaps.push(formatSpan(timeOf(begin - 1), timeOf(index), timeZone))
  }
  return gaps.length === 0 ? [] : ['', `No data: ${gaps.join(', ')}`]
}
