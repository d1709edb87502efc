import type { Git } from './git/process.ts'
import type { Links } from './links.ts'
import type { State } from './state.ts'

/** What every handler works with. */
export interface StandIn {
  git: Git
  state: State
  links: Links
}
