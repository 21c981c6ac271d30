import type { LoadTask } from './load-task.js'
import { HOLE, RequestTemplate } from './request-template.js'

const CLIENT = { version: 495, language: 'JAVA' } as const

/** One request per queue of the topic, as Apache's Java client writes it (a header of some 370 bytes). */
export function templatesOf(task: LoadTask): RequestTemplate[] {
  const body = Buffer.alloc(task.bodySize, 'r')
  const make = (topic: LoadTask, queueId: number) =>
    task.kind === 'pull' ? pullTemplate(topic, queueId) : sendTemplate(topic, queueId, body)
  const { topics = 1, topic } = task
  const names = topics === 1 ? [topic] : Array.from({ length: topics }, (_, i) => `${topic}-${i}`)
  const queueIds = Array.from({ length: task.queues }, (_, queueId) => queueId)
  return names.flatMap((name) => queueIds.map((queueId) => make({ ...task, topic: name }, queueId)))
}

function sendTemplate({ topic }: LoadTask, queueId: number, body: Buffer): RequestTemplate {
  const uniqueKey = `UNIQ_KEY\u0001AC11000200014D2BC4DC00${HOLE}\u0002`
  const properties = `${uniqueKey}WAIT\u0001true\u0002TAGS\u0001TagA\u0002`
  const extFields = {
    a: 'BenchmarkProducer',
    b: topic,
    c: 'TBW102',
    d: '4',
    e: String(queueId),
    f: '0',
    g: String(Date.now()),
    h: '0',
    i: properties,
    j: '0',
    k: 'false',
    l: '0',
    m: 'false',
    n: 'broker-a',
  }
  return new RequestTemplate({ ...CLIENT, code: 310, extFields, body })
}

function pullTemplate(
  { topic, subscription = '*', expressionType = 'TAG' }: LoadTask,
  queueId: number,
): RequestTemplate {
  const extFields = {
    consumerGroup: 'BenchmarkConsumer',
    topic,
    queueId: String(queueId),
    queueOffset: HOLE,
    maxMsgNums: '32',
    // Bit 4: the subscription comes with the request.
    sysFlag: '4',
    commitOffset: '0',
    suspendTimeoutMillis: '0',
    subscription,
    subVersion: '0',
    expressionType,
  }
  return new RequestTemplate({ ...CLIENT, code: 11, extFields })
}
