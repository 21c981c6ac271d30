/** What a recall handle says (Apache: RecallMessageHandle.HandleV1; remoting.md section 21). */
export interface RecallHandle {
  readonly topic: string
  readonly brokerName: string
  /** Text of the time the message is due, ms since 1970, as the wheel has it. */
  readonly timestamp: string
  /** UNIQ_KEY of the message. */
  readonly messageId: string
}

const VERSION_1 = 'v1'

/** URL-safe Base64 with padding of `v1 topic brokerName timestamp messageId`. */
export function encodeRecallHandle({ topic, brokerName, timestamp, messageId }: RecallHandle): string {
  const bytes = Buffer.from([VERSION_1, topic, brokerName, timestamp, messageId].join(' '))
  return bytes.toString('base64').replaceAll('+', '-').replaceAll('/', '_')
}

/** Undefined for a text that is no handle. Padding may be missing, as for Java's decoder. */
export function decodeRecallHandle(handle: string): RecallHandle | undefined {
  if (!/^[A-Za-z0-9_-]+={0,2}$/.test(handle)) return undefined
  const parts = Buffer.from(handle, 'base64url').toString('utf8').split(' ')
  const [version, topic, brokerName, timestamp, messageId] = parts
  if (version !== VERSION_1 || topic === undefined || brokerName === undefined) return undefined
  if (timestamp === undefined || messageId === undefined) return undefined
  return { topic, brokerName, timestamp, messageId }
}
