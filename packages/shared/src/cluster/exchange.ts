import type { ApiRequest } from './api-request.ts'
import { resourcePath } from './resource-path.ts'
import type { Resource } from './resources.ts'

/** One request, before it has an identity and a connection. */
export interface Exchange extends ApiRequest {
  readonly body?: string | undefined
  readonly contentType?: string | undefined
  readonly accept?: string | undefined
  /** More headers; those of the identity win. */
  readonly headers?: Readonly<Record<string, string>>
  readonly isWatch?: boolean
  readonly timeoutMs?: number | undefined
  readonly signal?: AbortSignal | undefined
}

const partialObject = 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1'
const partialList = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1'

/** A request about one object, or about one of its subresources. */
export function objectExchange(
  method: string,
  resource: Resource<unknown>,
  namespace: string | undefined,
  name: string,
  subresource?: string,
): Exchange {
  const accept = resource.metadataOnly === true ? partialObject : undefined
  return {
    ...about(resource, namespace),
    method,
    name,
    accept,
    path: resourcePath(resource, namespace, name, subresource),
  }
}

/** A request about all objects of a kind in a namespace; undefined: in all namespaces. */
export function collectionExchange(
  method: string,
  resource: Resource<unknown>,
  namespace: string | undefined,
): Exchange {
  const partial = method === 'GET' ? partialList : partialObject
  const accept = resource.metadataOnly === true ? partial : undefined
  return { ...about(resource, namespace), method, accept, path: resourcePath(resource, namespace) }
}

function about({ kind }: Resource<unknown>, namespace: string | undefined) {
  return { kind, namespace }
}
