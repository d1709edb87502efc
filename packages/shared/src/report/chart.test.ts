import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import type { GateHistory } from '../record/gate-result.ts'
import { charts, historyChart } from './chart.ts'

const history: GateHistory = {
  from: '2026-11-23T10:10:00.000Z',
  stepMs: 30_000,
  values: [0.4, 0.42, null, null, 0.5],
  unit: '%',
  limit: 1,
}
const chartOf = (more: Partial<GateHistory> = {}, gate = 'error-rate') =>
  historyChart({ gate, history: { ...history, ...more } }, 'Europe/Berlin')

describe('historyChart', () => {
  it('draws what was measured beside its limit, and tells the gap', () => {
    expect(chartOf()).toBe(
      [
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
        '  title "error rate in % — blue: measured, red: limit 1"',
        '  x-axis "minutes since 11:10 CET (10:10 UTC)" 0 --> 2',
        '  y-axis "%" 0 --> 1.1',
        '  line [0.4, 0.42, 0.42, 0.42, 0.5]',
        '  line [1, 1, 1, 1, 1]',
        '```',
        '',
        'No data: 11:10:30–11:11:30 CET (10:10:30–10:11:30 UTC)',
      ].join('\n'),
    )
  })

  it.each<[string, Partial<GateHistory>]>([
    ['one point', { values: [1] }],
    ['no measurement at all', { values: [null, null, null] }],
  ])('draws nothing of %s', (_, more) => {
    expect(chartOf(more)).toBeUndefined()
  })

  it('has room for a line where all is zero and there is no limit', () => {
    const { limit: _, ...without } = history
    expect(historyChart({ gate: 'dlq-rate', history: { ...without, values: [0, 0] } }, 'UTC')).toContain(
      'y-axis "%" 0 --> 1\n  line [0, 0]\n```',
    )
  })

  const values = fc.array(fc.option(fc.double({ min: 0, max: 1e9, noNaN: true })), {
    minLength: 2,
    maxLength: 1_000,
  })

  it('is a chart that Mermaid parses: one number a point, at most 120, no quote in a title, no spike lost', () => {
    fc.assert(
      fc.property(values, fc.string(), fc.string(), (given, gate, unit) => {
        const chart = chartOf({ values: given, unit }, gate)
        if (chart === undefined) return
        const lines = [...chart.matchAll(/^ {2}line \[(.*)\]$/gmu)].map(([, points = '']) =>
          points.split(', '),
        )
        expect(lines).toHaveLength(2)
        expect(lines[0]!.length).toBe(lines[1]!.length)
        expect(lines[0]!.length).toBeLessThanOrEqual(120)
        for (const point of lines.flat()) expect(point).toMatch(/^\d+(\.\d+)?$/)
        const highest = Math.max(...given.filter((value) => value !== null))
        expect(Math.max(...lines[0]!.map(Number))).toBeCloseTo(highest, 3)
        for (const [, quoted = ''] of chart.matchAll(/^ {2}(?:title|x-axis|y-axis) "(.*)"/gmu))
          expect(quoted).not.toContain('"')
      }),
    )
  })
})

describe('charts', () => {
  it('folds them, and is empty where there are none', () => {
    expect(charts([], 'UTC')).toBe('')
  })
})
