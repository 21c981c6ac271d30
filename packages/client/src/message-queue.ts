/** One queue of a topic at one broker (Apache: MessageQueue). */
export interface MessageQueue {
  readonly topic: string
  readonly brokerName: string
  readonly queueId: number
}
