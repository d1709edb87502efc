import type { Observations } from '../decide/observations.ts'
import type { PerComponent } from '../metrics/metrics.ts'
import type { Answer, GateContext } from './gate.ts'
import { nothingCounted, watchedOnly, type NamedSeries } from './counted-fractions.ts'
import { inOneLook, spanOf, underKey } from './metric-span.ts'

/** A histogram of each component in the time that the gate judges; an answer where nobody has it. */
export async function observeAll(
  context: GateContext<'metrics'>,
  named: NamedSeries,
  signal: AbortSignal,
): Promise<PerComponent<Observations> | Answer> {
  const span = spanOf(context)
  const observed = await inOneLook(context, signal, (inLook) =>
    underKey(`gates.${named.gate}.${named.key}`, context.metrics.observed(named.series, span, inLook)),
  )
  const steps = watchedOnly(
    context,
    new Map([...observed].map(([component, observations]) => [component, observations.steps] as const)),
    span.from,
  )
  const inTime = [...observed].flatMap(([component, { bounds }]) => {
    const own = steps.get(component)
    return own === undefined ? [] : [[component, { bounds, steps: own }] as const]
  })
  return inTime.length === 0 ? nothingCounted(context, bucketsOf(named)) : new Map(inTime)
}

function bucketsOf(named: NamedSeries): NamedSeries {
  return { ...named, series: { ...named.series, name: `${named.series.name}_bucket` } }
}
