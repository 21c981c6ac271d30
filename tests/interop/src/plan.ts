import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { tempDir } from './temp.js'

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
 * Messages that differ in what clients are known to get wrong: no tag, several keys, text in Chinese, emoji, one-byte
 * bodies, bytes that are not UTF-8, bodies over 4096 bytes (clients compress those), properties with '=' and non-ASCII.
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
function noise(seed: string, size: number): Buffer {
  const parts: Buffer[] = []
  for (let i = 0; i * 32 < size; i++) parts.push(createHash('sha256').update(`${seed}/${i}`).digest())
  return Buffer.concat(parts).subarray(0, size)
}

/** Messages of a few sharding keys, numbered within each, to see order. */
export function orderedMessages(topic: string, keyCount: number, perKey: number): Planned[] {
  const messages: Planned[] = []
  for (let step = 0; step < perKey; step++) {
    for (let key = 0; key < keyCount; key++) {
      const shardingKey = `order-${key}`
      messages.push({ topic, tag: 'step', keys: shardingKey, shardingKey, body: Buffer.from(`${shardingKey} ${step}`) })
    }
  }
  return messages
}

/** Writes the plan where Plan.java and plan.go read it. */
export function writePlan(messages: readonly Planned[]): string {
  const file = join(tempDir('plan'), 'plan.tsv')
  const rows = messages.map((message) =>
    [
      message.topic,
      message.tag ?? '',
      message.keys ?? '',
      message.shardingKey ?? '',
      message.delayLevel === undefined ? '' : String(message.delayLevel),
      message.body.toString('base64'),
      ...Object.entries(message.properties ?? {}).flatMap(([name, value]) => [base64(name), base64(value)]),
    ].join('\t'),
  )
  writeFileSync(file, `${rows.join('\n')}\n`)
  return file
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

function base64(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64')
}
