/** What came back, whatever its status. */
export interface HttpReply {
  readonly status: number
  readonly contentType: string | undefined
  readonly retryAfter: string | undefined
  readonly body: string
  /** The body was longer than `maxBodyBytes`. */
  readonly truncated: boolean
}

export interface HttpQuestion {
  /** Below the endpoint's own prefix: `/api/v1/query_range`. */
  readonly path: string
  readonly parameters: Readonly<Record<string, string>>
  /** Parameters in a form body, which may be long, where the way allows it. */
  readonly asForm?: boolean
  readonly timeoutMs: number
  readonly signal: AbortSignal
}

/** The HTTP API of a server of the team's monitoring. It is only asked, never changed. */
export interface HttpEndpoint {
  /** Where it is, for people: its address, or the Service. */
  readonly place: string
  /**
   * One exchange. Rejects with ApiError where the API server on the way refused, with TransportError where no usable
   * answer came, or with the signal's reason.
   */
  ask(question: HttpQuestion): Promise<HttpReply>
  close(): Promise<void>
}

/** An answer that is longer is not the one that was wanted: the widest of ours stays far below. */
export const maxBodyBytes = 32 * 1024 * 1024
