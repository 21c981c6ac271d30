import { type BodyOf, body, i32, text } from '../json/shape.js'

/** Also the key of maps (Apache: MessageQueue). */
export const MessageQueue = body({ brokerName: text(), queueId: i32(), topic: text() })
export type MessageQueue = BodyOf<typeof MessageQueue>
