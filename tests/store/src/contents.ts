import type { MessageExt } from '@rockhopper/message'

/** Properties that a broker adds or changes on its way; the others are the sender's. */
const OF_THE_BROKER = new Set([
  'CLUSTER',
  'MSG_REGION',
  'TRACE_ON',
  'DELAY',
  'REAL_TOPIC',
  'REAL_QID',
  'WAIT',
])

/** Everything that a sender said, as one text: what is read must have exactly this. */
export function contentOf(
  topic: string,
  body: Uint8Array,
  properties: Readonly<Record<string, string>>,
): string {
  const said = Object.entries(properties).filter(([name]) => !OF_THE_BROKER.has(name))
  return JSON.stringify([topic, Buffer.from(body).toString('latin1'), said.sort()])
}

export function contentOfRecord({ topic, body, properties }: MessageExt): string {
  return contentOf(topic, body, properties)
}

export function placeOf(topic: string, queueId: number, queueOffset: number): string {
  return `${topic}/${queueId}/${queueOffset}`
}
