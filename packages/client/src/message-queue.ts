/** One queue of a topic at one broker: `{topic, brokerName, queueId}` (Apache: MessageQueue). */
export type { MessageQueue } from '@rockhopper/remoting'
