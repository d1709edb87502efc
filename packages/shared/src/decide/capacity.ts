/** Amounts by name, in thousandths of their unit: exact, however large. What is not there is zero. */
export type Amounts = ReadonlyMap<string, bigint>

/** How a Deployment's pods are replaced, and what one of them takes. */
export interface PodChange {
  /** Pods that there are now. */
  readonly pods: number
  /** Pods that there shall be. */
  readonly replicas: number
  /** Pods that may exist beyond the replicas, and that may be missing. */
  readonly surge: number
  readonly unavailable: number
  /** False for `Recreate`: every old pod goes before the first new one comes. */
  readonly rolling: boolean
  /** What an old pod gives back, and what a new one takes. */
  readonly before: Amounts
  readonly after: Amounts
}

/** How a rollout goes in the room that there is. */
export interface RolloutPlay {
  /** New pods that there are in the end: fewer than wanted means that it is stuck. */
  readonly started: number
  /** What was too little for the next pod when one was to be made; empty where there was always room. */
  readonly lacking: readonly string[]
  /** New pods that fit beside all the old ones. */
  readonly beside: number
  /** What is left in the end. */
  readonly left: Amounts
}

/**
 * Plays a rollout as the Deployment controller does it: new pods as long as the surge and the room allow, then old ones
 * go as far as availability allows. Every pod that is made is taken to become available.
 */
export function playRollout(free: Amounts, change: PodChange): RolloutPlay {
  const { pods, replicas, surge, unavailable, rolling, before, after } = change
  const left = new Map(free)
  const lacking = new Set<string>()
  let [old, started] = [pods, 0]
  let beside: number | undefined

  const start = (most: number): void => {
    for (; started < replicas && old + started < most; started += 1) {
      const short = shortOf(left, after)
      for (const name of short) lacking.add(name)
      if (short.length > 0) return
      take(left, after, 1)
    }
  }
  const stop = (count: number): void => {
    take(left, before, -count)
    old -= count
  }

  if (!rolling) stop(old)
  for (;;) {
    const was = [old, started].join()
    start(replicas + surge)
    beside ??= started
    stop(Math.max(0, Math.min(old, old + started - (replicas - unavailable))))
    if ([old, started].join() === was) return { started, lacking: [...lacking], beside, left }
  }
}

/** Of what there is less left than one pod takes. */
function shortOf(left: Amounts, pod: Amounts): string[] {
  return [...pod].filter(([name, amount]) => amount > (left.get(name) ?? amount)).map(([name]) => name)
}

/** What nobody limits is not counted. */
function take(left: Map<string, bigint>, pod: Amounts, count: number): void {
  for (const [name, amount] of pod) {
    const rest = left.get(name)
    if (rest !== undefined) left.set(name, rest - amount * BigInt(count))
  }
}
