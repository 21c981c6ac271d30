import { createHash } from 'node:crypto'

/** A message to send, the same for every client. */
export interface Planned {
  readonly topic: string
  readonly body: Buffer
  readonly tag?: string
  /** Separated by blanks, as in RocketMQ. */
  readonly keys?: string
  /** Chooses the queue by hash. */
  readonly shardingKey?: string
  readonly delayLevel?: number
  /** When it may be delivered, ms since 1970. */
  readonly deliverTimeMs?: number
  readonly properties?: Readonly<Record<string, string>>
}

/** The part of a message that every client must hand over unchanged. */
export interface Essence {
  readonly bodySize: number
  readonly bodySha1: string
  readonly tags: string | null
  readonly keys: string | null
  /** Only those the sender set. */
  readonly properties: Readonly<Record<string, string>>
}

const TAGS = ['TagA', 'TagB', 'TagC']

/**
 * Messages that differ in what clients are known to get wrong: no tag, several keys, text in Chinese, emoji,
 * one-byte bodies, bytes that are not UTF-8, bodies over 4096 bytes (clients compress those), properties with
 * '=' and non-ASCII.
 */
export function assortedMessages(topic: string, count: number, label: string): Planned[] {
  return Array.from({ length: count }, (_, index) => {
    const tag = index % 4 === 3 ? undefined : TAGS[index % 4]
    return {
      topic,
      body: assortedBody(index, label),
      keys: index % 5 === 0 ? `${label}-${index} extra-${index}` : `${label}-${index}`,
      properties: { origin: label, index: String(index), note: index % 3 === 0 ? 'a=b;c 备注 🚀' : 'plain' },
      ...(tag === undefined ? {} : { tag }),
    }
  })
}

function assortedBody(index: number, label: string): Buffer {
  const text = `${label} ${index}`
  switch (index % 8) {
    case 1:
      return Buffer.from(`${text} 订单已创建 🧾 ñ`)
    case 2:
      return Buffer.from([index & 0x7f])
    case 3:
      return Buffer.from(JSON.stringify({ orderId: index, label, lines: [{ sku: '书', quantity: 2 }] }))
    case 4:
      return Buffer.concat([Buffer.from(text), Buffer.from([0xff, 0xfe, 0x00, 0x80])])
    case 5:
      return Buffer.from(`${text} `.repeat(900))
    case 6:
      return noise(`${label}/${index}`, 5_000)
    default:
      return Buffer.from(text)
  }
}

/** Bytes that do not compress, the same on every run. */
export function noise(seed: string, size: number): Buffer {
  const parts: Buffer[] = []
  for (let i = 0; i * 32 < size; i++) parts.push(createHash('sha256').update(`${seed}/${i}`).digest())
  return Buffer.concat(parts).subarray(0, size)
}

/**
 * Messages of a few sharding keys, numbered within each, to see order; one in five is tagged to fail once.
 */
export function orderedMessages(topic: string, keyCount: number, perKey: number): Planned[] {
  const messages: Planned[] = []
  for (let step = 0; step < perKey; step++) {
    for (let key = 0; key < keyCount; key++) {
      const shardingKey = `order-${key}`
      const tag = (step + key) % 5 === 4 ? 'stumble' : 'step'
      messages.push({
        topic,
        tag,
        keys: shardingKey,
        shardingKey,
        body: Buffer.from(`${shardingKey} ${step}`),
      })
    }
  }
  return messages
}

export function essence(message: Planned): Essence {
  return {
    bodySize: message.body.length,
    bodySha1: createHash('sha1').update(message.body).digest('hex'),
    tags: message.tag ?? null,
    keys: message.keys ?? null,
    properties: message.properties ?? {},
  }
}
