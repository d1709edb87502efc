/** A check of a commit, as the forge tells it. */
export interface Check {
  readonly name: string
  readonly state: 'passed' | 'failed' | 'running' | 'not-run'
}

/** The kinds of test that the runbook names. */
export const testKinds = ['unit', 'integration', 'E2E'] as const

export type TestKind = (typeof testKinds)[number]

/** What a check of each kind is called, somewhere in its name. */
const patterns: Readonly<Record<TestKind, RegExp>> = {
  unit: /\bunit/iu,
  integration: /\bintegration/iu,
  E2E: /\be2e\b|\bend[ -_]?(?:to|2)[ -_]?end\b/iu,
}

export interface CheckFindings<C extends Check> {
  readonly passed: readonly C[]
  readonly failed: readonly C[]
  readonly running: readonly C[]
  /** Skipped, or without an opinion. */
  readonly notRun: readonly C[]
  /** Names that must be there and green, and are not among the checks or were not run. */
  readonly missing: readonly string[]
  /** The checks of each kind that passed, by their names. */
  readonly kinds: Readonly<Record<TestKind, readonly string[]>>
}

/** Sorts the checks of a commit by what they came to; those to ignore are left out. */
export function judgeChecks<C extends Check>(
  checks: readonly C[],
  { require, ignore }: { readonly require: readonly string[]; readonly ignore: readonly string[] },
): CheckFindings<C> {
  const counted = checks.filter(({ name }) => !ignore.includes(name))
  const of = (state: Check['state']): C[] => counted.filter((check) => check.state === state)
  const passed = of('passed')
  const isThere = (name: string): boolean =>
    counted.some((check) => check.name === name && check.state !== 'not-run')
  const named = (kind: TestKind): string[] =>
    passed.map(({ name }) => name).filter((name) => patterns[kind].test(name))
  return {
    passed,
    failed: of('failed'),
    running: of('running'),
    notRun: of('not-run'),
    missing: require.filter((name) => !isThere(name)),
    kinds: { unit: named('unit'), integration: named('integration'), E2E: named('E2E') },
  }
}
