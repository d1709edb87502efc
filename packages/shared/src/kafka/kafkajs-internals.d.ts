// The parts of kafkajs 2.2.4 that write and read Kafka's requests and log in; it ships no types for them.

declare module 'kafkajs/src/protocol/encoder.js' {
  export default class Encoder {
    readonly buffer: Buffer
    size(): number
    writeInt16(value: number): this
    writeInt32(value: number): this
    writeBoolean(value: boolean): this
    writeString(value: string | null): this
    /** An empty array is written as null. */
    writeNullableArray(items: readonly string[]): this
    writeUVarInt(value: number): this
    writeUVarIntString(value: string | null): this
    writeBytes(value: Buffer | string): this
    writeEncoder(value: Encoder): this
  }
}

declare module 'kafkajs/src/protocol/decoder.js' {
  export default class Decoder {
    constructor(buffer: Buffer)
    readInt16(): number
    readInt32(): number
    readUVarInt(): number
    readUVarIntString(): string | null
    readUVarIntArray<Item>(read: (decoder: Decoder) => Item): Item[] | null
    /** Null where its length is −1. */
    readBytes(length?: number): Buffer | null
    readAll(): Buffer
  }
}

declare module 'kafkajs/src/consumer/assignerProtocol.js' {
  const assigner: {
    MemberAssignment: {
      /** Null where the member has none. */
      decode(buffer: Buffer): { readonly assignment: Readonly<Record<string, readonly number[]>> } | null
    }
  }
  export default assigner
}

declare module 'kafkajs/src/protocol/requests/apiVersions/index.js' {
  const api: import('./wire-format.ts').KafkajsApi<
    Record<string, never>,
    {
      errorCode: number
      apiVersions: readonly { apiKey: number; minVersion: number; maxVersion: number }[]
    }
  >
  export default api
}

declare module 'kafkajs/src/protocol/requests/metadata/index.js' {
  const api: import('./wire-format.ts').KafkajsApi<
    { topics: readonly string[]; allowAutoTopicCreation: boolean },
    {
      brokers: readonly { nodeId: number; host: string; port: number }[]
      topicMetadata: readonly {
        topicErrorCode: number
        topic: string
        partitionMetadata: readonly { partitionErrorCode: number; partitionId: number; leader: number }[]
      }[]
    }
  >
  export default api
}

declare module 'kafkajs/src/protocol/requests/findCoordinator/index.js' {
  const api: import('./wire-format.ts').KafkajsApi<
    { groupId: string },
    { errorCode: number; coordinator: { nodeId: number; host: string; port: number } }
  >
  export default api
}

declare module 'kafkajs/src/protocol/requests/offsetFetch/v4/response.js' {
  const response: {
    decode(payload: Buffer): Promise<{
      errorCode: number
      responses: readonly {
        topic: string
        partitions: readonly { partition: number; offset: string; errorCode: number }[]
      }[]
    }>
  }
  export default response
}

declare module 'kafkajs/src/protocol/requests/listOffsets/index.js' {
  const api: import('./wire-format.ts').KafkajsApi<
    {
      /** 0: read uncommitted. */
      isolationLevel: 0
      topics: readonly {
        topic: string
        partitions: readonly { partition: number; timestamp: number }[]
      }[]
    },
    {
      responses: readonly {
        topic: string
        partitions: readonly { partition: number; errorCode: number; offset: string }[]
      }[]
    }
  >
  export default api
}

declare module 'kafkajs/src/protocol/requests/describeGroups/index.js' {
  const api: import('./wire-format.ts').KafkajsApi<
    { groupIds: readonly string[] },
    {
      groups: readonly {
        errorCode: number
        groupId: string
        state: string
        protocolType: string
        members: readonly { memberId: string; memberAssignment: Buffer | null }[]
      }[]
    }
  >
  export default api
}

declare module 'kafkajs/src/broker/saslAuthenticator/index.js' {
  import type { Mechanism } from 'kafkajs'

  type Log = (message: string, extra?: object) => void

  export interface SaslLogger {
    debug: Log
    error: Log
    namespace(name: string): SaslLogger
  }

  export interface SaslConnection {
    readonly host: string
    readonly port: number
    readonly sasl: { mechanism: string; username: string; password: string } | Mechanism
    send(call: {
      readonly request: {
        readonly apiKey: number
        readonly apiVersion: number
        readonly apiName: string
        encode(): Promise<{ readonly buffer: Buffer }>
      }
      readonly response: {
        decode(payload: Buffer): Promise<unknown>
        parse(decoded: unknown): Promise<unknown>
      }
    }): Promise<unknown>
  }

  export default class SaslAuthenticator {
    constructor(
      connection: SaslConnection,
      logger: SaslLogger,
      versions: Readonly<Record<number, { readonly minVersion: number; readonly maxVersion: number }>>,
      /** Whether the broker wraps the exchange in SaslAuthenticate requests, as all do since 1.0. */
      supportAuthenticationProtocol: boolean,
    )
    authenticate(): Promise<void>
  }
}

declare module 'kafkajs/src/protocol/error.js' {
  const errors: {
    readonly errorCodes: readonly { readonly type: string; readonly code: number; readonly message: string }[]
  }
  export default errors
}
