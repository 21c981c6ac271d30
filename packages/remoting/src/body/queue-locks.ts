import { type BodyOf, body, flag, i32, listOf, oneOf, optional, text } from '../json/shape.js'
import { MessageQueue } from './message-queue.js'

/** Codes 41 and 42 (remoting.md section 19). */
export const LockBatchRequestBody = body({
  clientId: text(),
  consumerGroup: text(),
  mqSet: listOf(MessageQueue),
  onlyThisBroker: flag(),
})
export type LockBatchRequestBody = BodyOf<typeof LockBatchRequestBody>
export const UnlockBatchRequestBody = LockBatchRequestBody
export type UnlockBatchRequestBody = LockBatchRequestBody

export const LockBatchResponseBody = body({ lockOKMQSet: listOf(MessageQueue) })
export type LockBatchResponseBody = BodyOf<typeof LockBatchResponseBody>

/** Code 400 (section 25.8). */
export const QueryAssignmentRequestBody = body({
  clientId: text(),
  consumerGroup: text(),
  messageModel: oneOf('CLUSTERING', 'BROADCASTING'),
  strategyName: text('AVG'),
  topic: text(),
})
export type QueryAssignmentRequestBody = BodyOf<typeof QueryAssignmentRequestBody>

export const QueryAssignmentResponseBody = body({
  messageQueueAssignments: listOf(body({ messageQueue: optional(MessageQueue), mode: oneOf('PULL', 'POP') })),
})
export type QueryAssignmentResponseBody = BodyOf<typeof QueryAssignmentResponseBody>

/** Code 401. */
export const SetMessageRequestModeRequestBody = body({
  consumerGroup: text(),
  mode: oneOf('PULL', 'POP'),
  popShareQueueNum: i32(),
  topic: text(),
})
export type SetMessageRequestModeRequestBody = BodyOf<typeof SetMessageRequestModeRequestBody>
