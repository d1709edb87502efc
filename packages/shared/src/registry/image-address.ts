import { parseImage } from '../record/image-reference.ts'

/** Where a registry serves an image: `GET https://<host>/v2/<name>/manifests/<reference>`. */
export interface ImageAddress {
  /** As messages call it: `docker.io`. */
  readonly registry: string
  /** Where it is asked, with a port where it is not the usual one. */
  readonly host: string
  readonly name: string
  /** The digest where there is one: it decides what is pulled. */
  readonly reference: string
}

/**
 * The address of an image, with what Docker leaves out filled in: `nginx` is `docker.io/library/nginx:latest`.
 *
 * @throws UserError where the text is no image reference
 */
export function imageAddress(image: string): ImageAddress {
  const { repository, tag = 'latest', digest = tag } = parseImage(image)
  const slash = repository.indexOf('/')
  const first = repository.slice(0, slash)
  const isHost = slash > 0 && (/[.:]/.test(first) || first === 'localhost' || first !== first.toLowerCase())
  const [registry, path] = isHost ? [first, repository.slice(slash + 1)] : ['docker.io', repository]
  if (!['docker.io', 'index.docker.io'].includes(registry))
    return { registry, host: registry, name: path, reference: digest }
  const name = path.includes('/') ? path : `library/${path}`
  return { registry: 'docker.io', host: 'registry-1.docker.io', name, reference: digest }
}
