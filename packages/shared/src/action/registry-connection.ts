import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { codeOf } from '../cluster/error-code.ts'
import { messageOf } from '../errors.ts'
import { parseDockerConfig, type DockerConfig } from '../registry/docker-config.ts'
import type { ImageRegistry } from '../registry/image-registry.ts'
import { RegistryClient } from '../registry/registry-client.ts'
import type { ActionContext } from './run.ts'

type Context = Pick<ActionContext<unknown, never>, 'log' | 'variables' | 'mask'>

/**
 * The registries as this machine can ask them, with the logins that Docker would use: the content of
 * `DOCKER_AUTH_CONFIG`, else what `docker login` has left. Nothing is read or dialled before the first question.
 */
export function connectRegistry({ log, variables, mask }: Context): ImageRegistry {
  return new RegistryClient({ env: variables, mask, config: () => readLogins(variables, log) })
}

/** @throws UserError where the variable holds something else; a file that cannot be read is said, and is as good as none */
function readLogins(variables: Context['variables'], log: Context['log']): DockerConfig | undefined {
  const {
    HOME: home = '',
    DOCKER_CONFIG: folder = join(home, '.docker'),
    DOCKER_AUTH_CONFIG: given,
  } = variables
  if (given !== undefined && given !== '') return parseDockerConfig(given, 'The variable DOCKER_AUTH_CONFIG')
  const file = join(folder, 'config.json')
  try {
    return parseDockerConfig(readFileSync(file, 'utf8'), file)
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') log.warn(`Registries are asked without logging in: ${messageOf(error)}`)
    return undefined
  }
}
