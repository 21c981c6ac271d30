import { isRetryTopic } from '@rockhopper/message'
import {
  type MessageQueue,
  ok,
  QueryAssignmentRequestBody,
  QueryAssignmentResponseBody,
  type Reply,
  type Request,
  ResponseCode,
  refuse,
  SetMessageRequestModeRequestBody,
} from '@rockhopper/remoting'
import type { BrokerParts } from '../parts.js'
import type { MessageRequestModes } from './message-request-modes.js'
import { allocateForPop, QUEUE_ALLOCATIONS } from './queue-allocation.js'
import type { TopicQueues } from './topic-queues.js'

export interface AssignmentParts extends Pick<BrokerParts, 'config' | 'consumers' | 'groups' | 'topics'> {
  readonly modes: MessageRequestModes
  readonly topicQueues: TopicQueues
}

/** Codes 400, 401 and 402 (Apache: QueryAssignmentProcessor; remoting.md section 25.8). */
export function assignmentProcessors(parts: AssignmentParts) {
  return {
    QUERY_ASSIGNMENT: (_: object, { body }: Request) => queryAssignment(parts, body),
    SET_MESSAGE_REQUEST_MODE: (_: object, { body }: Request) => setMode(parts, body),
    GET_ALL_MESSAGE_REQUEST_MODE: () => ok(undefined, parts.modes.encode()),
  }
}

/** Without a list the client keeps what it has; an empty list takes everything from it. */
async function queryAssignment(
  parts: AssignmentParts,
  body: Buffer | undefined,
): Promise<Reply<'QUERY_ASSIGNMENT'>> {
  const asked = QueryAssignmentRequestBody.decode(body)
  const { mode, popShareQueueNum } = parts.modes.of(asked.topic, asked.consumerGroup)
  const queues = await queuesFor(parts, asked, mode === 'POP' ? popShareQueueNum : undefined)
  if (queues === undefined) return ok(undefined, Buffer.from('{}'))
  const messageQueueAssignments = unique(queues).map((messageQueue) => ({ messageQueue, mode }))
  return ok(undefined, QueryAssignmentResponseBody.encode({ messageQueueAssignments }))
}

async function queuesFor(
  { config, consumers, topicQueues }: AssignmentParts,
  { clientId, consumerGroup, messageModel, strategyName, topic }: QueryAssignmentRequestBody,
  shareNum: number | undefined,
): Promise<readonly MessageQueue[] | undefined> {
  const queues = await topicQueues.of(topic)
  if (queues === undefined || messageModel === 'BROADCASTING') return queues
  if (!config.serverLoadBalancerEnable) return queues
  const allocate = QUEUE_ALLOCATIONS.get(strategyName)
  const clientIds = [...new Set(consumers.clientIds(consumerGroup))].sort()
  if (clientIds.length === 0 || allocate === undefined) return undefined
  if (shareNum !== undefined) return allocateForPop(allocate, queues, clientIds, clientId, shareNum)
  return clientIds.includes(clientId) ? allocate(queues, clientIds, clientId) : []
}

function unique(queues: readonly MessageQueue[]): MessageQueue[] {
  return [...new Map(queues.map((queue) => [`${queue.brokerName}@${queue.queueId}`, queue])).values()]
}

async function setMode(
  { groups, modes, topics }: AssignmentParts,
  body: Buffer | undefined,
): Promise<Reply<'SET_MESSAGE_REQUEST_MODE'>> {
  const mode = SetMessageRequestModeRequestBody.decode(body)
  if (isRetryTopic(mode.topic)) {
    return refuse(ResponseCode.NO_PERMISSION, 'retry topic is not allowed to set mode')
  }
  if (topics.get(mode.topic) === undefined) {
    return refuse(ResponseCode.TOPIC_NOT_EXIST, `topic[${mode.topic}] not exist`)
  }
  if ((await groups.findOrCreate(mode.consumerGroup)) === undefined) {
    return refuse(ResponseCode.SUBSCRIPTION_GROUP_NOT_EXIST, 'subscription group does not exist')
  }
  await modes.set(mode)
  return ok()
}
