import Decoder from 'kafkajs/src/protocol/decoder.js'
import Encoder from 'kafkajs/src/protocol/encoder.js'

/** A request of Kafka's protocol, as kafkajs writes it in each version that it knows. */
export interface KafkajsApi<Content, Answer> {
  readonly versions: readonly string[]
  protocol(choice: { version: number }): (content: Content) => {
    readonly request: { encode(): Promise<{ readonly buffer: Buffer }> }
    readonly response: { decode(payload: Buffer): Promise<Answer> }
  }
}

/** What is asked of a broker, before it is known which version of the request the broker speaks. */
export interface Question<Answer> {
  readonly apiKey: number
  readonly apiName: string
  /** The versions that we write. */
  readonly minVersion: number
  readonly maxVersion: number
  inVersion(version: number): Encoded<Answer>
}

/** A request as it goes onto the wire, and how its answer is read. */
export interface Encoded<Answer> {
  /** The header of the newer requests has a field more on both ways (KIP-482). */
  readonly flexible: boolean
  body(): Promise<Buffer>
  /** Reads the body; says nothing of the error codes in it. */
  answer(body: Buffer): Answer | Promise<Answer>
}

/** A question that kafkajs knows how to write. */
export function kafkajsQuestion<Content, Answer>(
  apiName: string,
  apiKey: number,
  api: KafkajsApi<Content, Answer>,
  content: Content,
  minVersion = 0,
): Question<Answer> {
  return {
    apiKey,
    apiName,
    minVersion,
    maxVersion: Math.max(...api.versions.map(Number)),
    inVersion(version) {
      const { request, response } = api.protocol({ version })(content)
      return {
        flexible: false,
        body: async () => (await request.encode()).buffer,
        answer: (body) => response.decode(body),
      }
    },
  }
}

/** A whole request with its size in front. */
export function frame(
  question: Pick<Question<unknown>, 'apiKey'>,
  version: number,
  { flexible }: Pick<Encoded<unknown>, 'flexible'>,
  correlation: number,
  clientId: string,
  body: Buffer,
): Buffer {
  const header = new Encoder()
    .writeInt16(question.apiKey)
    .writeInt16(version)
    .writeInt32(correlation)
    .writeString(clientId)
  if (flexible) header.writeUVarInt(0) // no tagged fields
  return Buffer.concat([new Encoder().writeInt32(header.size() + body.length).buffer, header.buffer, body])
}

/** The body of an answer, after its correlation id. */
export function answerBody(
  { flexible }: Pick<Encoded<unknown>, 'flexible'>,
  afterCorrelation: Buffer,
): Buffer {
  if (!flexible) return afterCorrelation
  const decoder = new Decoder(afterCorrelation)
  skipTaggedFields(decoder)
  return decoder.readAll()
}

/** Fields that a newer broker adds. kafkajs's own reader miscounts them where there are any. */
export function skipTaggedFields(decoder: Decoder): void {
  for (let left = decoder.readUVarInt(); left > 0; left -= 1) {
    decoder.readUVarInt()
    decoder.readBytes(decoder.readUVarInt())
  }
}
