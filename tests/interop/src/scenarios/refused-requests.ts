import { type CommandName, type RequestHeader, ResponseCode } from '@rockhopper/remoting'

/** A request that a server refuses, and what it says to it. */
export interface RefusedRequest {
  readonly name: string
  readonly at: 'broker' | 'nameserver'
  readonly command: CommandName
  readonly header: Readonly<Record<string, unknown>>
  /** Bytes of the body; none without it. */
  readonly bodySize?: number
  readonly code: number
  /** What the remark must say; not looked at without it. */
  readonly remark?: RegExp
}

/** What these need: a topic of one queue with one message, one that nobody may read, a group that may not. */
export interface RefusedNames {
  readonly topic: string
  readonly unreadable: string
  readonly group: string
  readonly disabledGroup: string
}

const MIB = 1024 * 1024
/** Where no store of a test ends. */
const FAR = 2 ** 40
const NONE = 'none-such'
const DECADE_SECONDS = 315_360_000

function refused<N extends CommandName>(
  name: string,
  command: N,
  header: RequestHeader<N>,
  code: keyof typeof ResponseCode,
  more: Pick<RefusedRequest, 'remark' | 'bodySize'> & { readonly at?: RefusedRequest['at'] } = {},
): RefusedRequest {
  const fields = header as Readonly<Record<string, unknown>>
  return { name, at: 'broker', command, header: fields, code: ResponseCode[code], ...more }
}

export function refusedRequests(names: RefusedNames): readonly RefusedRequest[] {
  return [
    ...refusedSends(names),
    ...refusedPulls(names),
    ...refusedPops(names),
    ...refusedAcks(names),
    ...refusedOffsets(names),
    ...refusedQuestions(names),
    ...refusedTopics(),
  ]
}

function refusedSends({ topic, group }: RefusedNames): RefusedRequest[] {
  const plain: RequestHeader<'SEND_MESSAGE'> = {
    ...{ producerGroup: group, topic, defaultTopic: 'TBW102', defaultTopicQueueNums: 4, queueId: 0 },
    ...{ sysFlag: 0, bornTimestamp: 0, flag: 0, properties: '', reconsumeTimes: 0, unitMode: false },
  }
  const send = (
    name: string,
    header: Partial<RequestHeader<'SEND_MESSAGE'>>,
    code: keyof typeof ResponseCode,
    remark?: RegExp,
    bodySize = 1,
  ) =>
    refused(`a send ${name}`, 'SEND_MESSAGE', { ...plain, ...header }, code, {
      bodySize,
      ...(remark === undefined ? {} : { remark }),
    })
  const batch = { ...plain, topic: `%RETRY%${group}`, batch: true }
  const delay = `TIMER_DELAY_SEC\u0001${DECADE_SECONDS}\u0002`
  return [
    send('to a topic with a blank in its name', { topic: 'a b' }, 'INVALID_PARAMETER', /illegal char/),
    send('to a blank topic', { topic: ' ' }, 'INVALID_PARAMETER', /blank/),
    send('to a topic of 128 characters', { topic: 't'.repeat(128) }, 'INVALID_PARAMETER', /longer than/),
    send(
      'to a retry topic of 256 characters',
      { topic: '%RETRY%'.padEnd(256, 'g') },
      'INVALID_PARAMETER',
      /longer than/,
    ),
    send('to a topic of the broker', { topic: 'SCHEDULE_TOPIC_XXXX' }, 'NO_PERMISSION', /forbidden/),
    send('to an unknown topic', { topic: NONE, defaultTopic: NONE }, 'TOPIC_NOT_EXIST', /not exist, apply/),
    send('to a queue that there is not', { queueId: 99 }, 'INVALID_PARAMETER', /queueId\[99\] is illegal/),
    send('of a body over 4 MiB', {}, 'MESSAGE_ILLEGAL', /message is illegal/, 4 * MIB + 1),
    send('of 33,000 bytes of properties', { properties: 'k\u0001'.padEnd(33_000, 'v') }, 'MESSAGE_ILLEGAL'),
    send('for ten years from now', { properties: delay }, 'MESSAGE_ILLEGAL', /max delay/),
    refused('a batch for a retry topic', 'SEND_BATCH_MESSAGE', batch, 'MESSAGE_ILLEGAL', { bodySize: 64 }),
    refused(
      'a message sent back that there is not',
      'CONSUMER_SEND_MSG_BACK',
      { offset: FAR, group, delayLevel: 0, originTopic: topic },
      'SYSTEM_ERROR',
      { remark: /look message by offset failed/ },
    ),
    refused(
      'the end of a transaction that there is not',
      'END_TRANSACTION',
      {
        ...{ producerGroup: group, tranStateTableOffset: 0, commitLogOffset: FAR, commitOrRollback: 8 },
        ...{ fromTransactionCheck: false, msgId: NONE },
      },
      'SYSTEM_ERROR',
    ),
    refused('a recall by no handle', 'RECALL_MESSAGE', { topic, recallHandle: NONE }, 'ILLEGAL_OPERATION', {
      remark: /recall handle is invalid/,
    }),
  ]
}

/**
 * Not a pull by a wrong expression: Apache's broker answers it with every message, as its filter then has no
 * data; ours with code 23.
 */
function refusedPulls({ topic, unreadable, group, disabledGroup }: RefusedNames): RefusedRequest[] {
  const plain: RequestHeader<'PULL_MESSAGE'> = {
    ...{ consumerGroup: group, topic, queueId: 0, queueOffset: 0, maxMsgNums: 32, sysFlag: 4 },
    ...{ commitOffset: 0, suspendTimeoutMillis: 0, subscription: '*', subVersion: 0, expressionType: 'TAG' },
  }
  const pull = (
    name: string,
    header: Partial<RequestHeader<'PULL_MESSAGE'>>,
    code: keyof typeof ResponseCode,
    remark?: RegExp,
  ) =>
    refused(
      `a pull ${name}`,
      'PULL_MESSAGE',
      { ...plain, ...header },
      code,
      remark === undefined ? {} : { remark },
    )
  return [
    pull('of an unknown topic', { topic: NONE }, 'TOPIC_NOT_EXIST', /not exist, apply/),
    pull('of a queue that there is not', { queueId: 99 }, 'INVALID_PARAMETER', /queueId\[99\] is illegal/),
    pull('of what nobody may read', { topic: unreadable }, 'NO_PERMISSION', /pulling message is forbidden/),
    pull('of a group that may not', { consumerGroup: disabledGroup }, 'NO_PERMISSION', /no permission/),
    pull('of a group without members', { sysFlag: 0 }, 'SUBSCRIPTION_NOT_EXIST', /group info not exist/),
    pull('far behind the end', { queueOffset: 1_000 }, 'PULL_OFFSET_MOVED'),
  ]
}

function refusedPops({ topic, unreadable, group, disabledGroup }: RefusedNames): RefusedRequest[] {
  const plain: RequestHeader<'POP_MESSAGE'> = {
    ...{ consumerGroup: group, topic, queueId: 0, maxMsgNums: 1, invisibleTime: 10_000, pollTime: 0 },
    ...{ bornTime: 0, initMode: 0, expType: 'TAG', exp: '*' },
  }
  const pop = (
    name: string,
    header: Partial<RequestHeader<'POP_MESSAGE'>>,
    code: keyof typeof ResponseCode,
    remark: RegExp,
  ) => refused(`a pop ${name}`, 'POP_MESSAGE', { ...plain, ...header }, code, { remark })
  return [
    pop('of more than 32', { maxMsgNums: 33 }, 'INVALID_PARAMETER', /greater than 32/),
    pop('of an unknown topic', { topic: NONE }, 'TOPIC_NOT_EXIST', /not exist, apply/),
    pop('of a queue that there is not', { queueId: 99 }, 'INVALID_PARAMETER', /queueId\[99\] is illegal/),
    pop('of what nobody may read', { topic: unreadable }, 'NO_PERMISSION', /message is forbidden/),
    pop('of a group that may not', { consumerGroup: disabledGroup }, 'NO_PERMISSION', /no permission/),
    pop('that was long on its way', { bornTime: 1, pollTime: 1 }, 'POLLING_TIMEOUT', /timeout too much/),
    pop(
      'by a wrong expression',
      { exp: 'a >', expType: 'SQL92' },
      'SUBSCRIPTION_PARSE_FAILED',
      /parse the consumer's subscription failed/,
    ),
  ]
}

function refusedAcks({ topic, group }: RefusedNames): RefusedRequest[] {
  const plain: RequestHeader<'ACK_MESSAGE'> = {
    ...{ consumerGroup: group, topic, queueId: 0, offset: 0 },
    extraInfo: `0 ${Date.now()} 10000 0 0 broker-a 0 0`,
  }
  const both = (
    what: string,
    header: Partial<RequestHeader<'ACK_MESSAGE'>>,
    code: keyof typeof ResponseCode,
  ) => {
    const wrong = { ...plain, ...header }
    return [
      refused(`an acknowledgement ${what}`, 'ACK_MESSAGE', wrong, code),
      refused(
        `an invisible time ${what}`,
        'CHANGE_MESSAGE_INVISIBLETIME',
        { ...wrong, invisibleTime: 1_000 },
        code,
      ),
    ]
  }
  return [
    ...both('in an unknown topic', { topic: NONE }, 'TOPIC_NOT_EXIST'),
    ...both('in a queue that there is not', { queueId: 99 }, 'MESSAGE_ILLEGAL'),
    ...both('of a message that there is not', { offset: 1_000 }, 'NO_MESSAGE'),
  ]
}

function refusedOffsets({ topic, group }: RefusedNames): RefusedRequest[] {
  const place = { consumerGroup: group, topic, queueId: 0 }
  const commit = { ...place, commitOffset: 1 }
  return [
    refused(
      'an offset of an unknown group',
      'UPDATE_CONSUMER_OFFSET',
      { ...commit, consumerGroup: NONE },
      'SUBSCRIPTION_GROUP_NOT_EXIST',
      { remark: /not exist/ },
    ),
    refused(
      'an offset in an unknown topic',
      'UPDATE_CONSUMER_OFFSET',
      { ...commit, topic: NONE },
      'TOPIC_NOT_EXIST',
      { remark: /not exist/ },
    ),
    refused(
      'the offset of who has none',
      'QUERY_CONSUMER_OFFSET',
      { ...place, consumerGroup: NONE, setZeroIfNotFound: false },
      'QUERY_NOT_FOUND',
      { remark: /Not found/ },
    ),
  ]
}

function refusedQuestions({ topic, group }: RefusedNames): RefusedRequest[] {
  const member = { consumerGroup: group, clientId: NONE }
  const times = { maxNum: 1, beginTimestamp: 0, endTimestamp: Date.now() }
  return [
    refused(
      'members of an unknown group',
      'GET_CONSUMER_LIST_BY_GROUP',
      { consumerGroup: NONE },
      'SYSTEM_ERROR',
      {
        remark: /no consumer for this group/,
      },
    ),
    refused(
      'connections of an unknown group',
      'GET_CONSUMER_CONNECTION_LIST',
      { consumerGroup: NONE },
      'CONSUMER_NOT_ONLINE',
      {
        remark: /not online/,
      },
    ),
    refused('a running info of nobody', 'GET_CONSUMER_RUNNING_INFO', member, 'SYSTEM_ERROR', {
      remark: /not online/,
    }),
    refused(
      'a message by an offset that there is not',
      'VIEW_MESSAGE_BY_ID',
      { offset: FAR },
      'SYSTEM_ERROR',
      {
        remark: /can not find message/,
      },
    ),
    refused(
      'a message by a key that there is not',
      'QUERY_MESSAGE',
      { topic, key: NONE, ...times },
      'QUERY_NOT_FOUND',
      {
        remark: /can not find message/,
      },
    ),
  ]
}

function refusedTopics(): RefusedRequest[] {
  const made = {
    ...{ topic: 'a b', defaultTopic: 'TBW102', readQueueNums: 1, writeQueueNums: 1, perm: 6 },
    ...{ topicFilterType: 'SINGLE_TAG', topicSysFlag: 0, order: false },
  }
  return [
    refused('a topic of a wrong name', 'UPDATE_AND_CREATE_TOPIC', made, 'INVALID_PARAMETER', {
      remark: /illegal char/,
    }),
    refused(
      'a topic of the broker',
      'UPDATE_AND_CREATE_TOPIC',
      { ...made, topic: 'TBW102' },
      'INVALID_PARAMETER',
      {
        remark: /conflict with system topic/,
      },
    ),
    refused('settings of an unknown topic', 'GET_TOPIC_CONFIG', { topic: NONE }, 'TOPIC_NOT_EXIST'),
    refused('state of an unknown topic', 'GET_TOPIC_STATS_INFO', { topic: NONE }, 'TOPIC_NOT_EXIST'),
    refused('deleting no topic', 'DELETE_TOPIC_IN_BROKER', { topic: ' ' }, 'INVALID_PARAMETER', {
      remark: /blank/,
    }),
    refused('a route of an unknown topic', 'GET_ROUTEINFO_BY_TOPIC', { topic: NONE }, 'TOPIC_NOT_EXIST', {
      at: 'nameserver',
      remark: /No topic route info/,
    }),
    refused(
      'a setting that there is not',
      'GET_KV_CONFIG',
      { namespace: NONE, key: NONE },
      'QUERY_NOT_FOUND',
      {
        at: 'nameserver',
        remark: /No config item/,
      },
    ),
  ]
}
