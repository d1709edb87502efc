/** The part of `ws` that we use: it takes the messages out of the bytes of a WebSocket. It brings no types of its own. */
declare module 'ws' {
  import type { Writable } from 'node:stream'

  export class Receiver extends Writable {
    constructor(options: { readonly isServer: boolean; readonly maxPayload: number })
    on(event: 'message', listener: (data: unknown, isBinary: boolean) => void): this
    on(event: 'conclude' | 'error' | 'close', listener: () => void): this
  }
}
