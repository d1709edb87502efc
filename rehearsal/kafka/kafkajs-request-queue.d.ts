/** The part of kafkajs's inner request queue that `client.ts` mends; kafkajs ships no types for it. */
declare module 'kafkajs/src/network/requestQueue/index.js' {
  export default class RequestQueue {
    readonly pending: readonly unknown[]
    /** Milliseconds since the epoch; -1 while the broker does not throttle. */
    readonly throttledUntil: number
    scheduleCheckPendingRequests: (this: RequestQueue) => void
  }
}
