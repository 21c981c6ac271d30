/** What the generator is to do, as JSON on its command line. */
export interface LoadTask {
  /** `echo`: the frames of `send`, to a server that sends back what it gets. */
  readonly kind: 'send' | 'pull' | 'echo'
  readonly host: string
  readonly port: number
  readonly topic: string
  readonly queues: number
  readonly connections: number
  /** In all, spread over the connections. */
  readonly inFlight: number
  readonly bodySize: number
  readonly warmUpMs: number
  readonly measureMs: number
  /** Messages of each queue, for a pull. */
  readonly backlog?: number
  /** Offset in each queue where the backlog begins. */
  readonly backlogFrom?: number
  readonly subscription?: string
  readonly expressionType?: string
  /** Names `topic-0`, `topic-1`, … instead of one topic. */
  readonly topics?: number
  /**
   * Requests a second, whatever is answered, until 4,096 of a connection are without an answer; without a
   * rate each answer makes the next request.
   */
  readonly rate?: number
}

/** What any generator prints when it is done. Times are of the measured part only. */
export interface Measured {
  readonly requests: number
  readonly messages: number
  /** Answers with a code other than 0, and the header of the first. */
  readonly errors: number
  readonly problem: string
  readonly seconds: number
  /** The generator's own. */
  readonly cpuUs: number
  readonly p50Us: number
  readonly p99Us: number
  readonly p999Us: number
}

/** What this one prints. */
export interface LoadResult extends Measured {
  /** Requests that left in the measured time, answered or not. */
  readonly sent: number
  /** Until an answer that refuses came. */
  readonly errorP99Us: number
}
