import { UserError } from '../errors.ts'
import type { Forge } from '../github/forge.ts'

/**
 * The forge, for a gate that cannot do without.
 *
 * @throws UserError where there is none
 */
export function neededForge(forge: Forge | undefined): Forge {
  if (forge !== undefined) return forge
  throw new UserError(
    'GitHub cannot be asked: there is no token or no repository.',
    'Pass "token: ${{ github.token }}"; in a terminal, set GITHUB_TOKEN and GITHUB_REPOSITORY.',
  )
}
