import { decodeRecord, type MessageExt } from '@rockhopper/message'
import type { MessageStore } from '@rockhopper/store'
import { contentOfRecord, placeOf } from './contents.js'
import type { Sent } from './simulated-store.js'

/** A record that a query gave, and what was asked for, in words. */
export interface Found {
  readonly record: MessageExt
  readonly asked: string
}

/**
 * What queries find of one in `share` of what was acknowledged, from the `from`-th on: each message by its
 * key (index), and by where it lies (offset message id).
 */
export async function* found(
  store: MessageStore,
  sent: Sent,
  { from, share }: { readonly from: number; readonly share: number },
): AsyncGenerator<Found> {
  for (const [i, [place, content]] of [...sent.ledger.acknowledged].entries()) {
    if ((i + from) % share !== 0) continue
    const [topic, , properties] = JSON.parse(content) as [string, string, [string, string][]]
    const { KEYS: key = '' } = Object.fromEntries(properties)
    const asked = `${topic} ${key}`
    for (const bytes of await store.queryMessage(topic, key, 32, 0, Number.MAX_SAFE_INTEGER)) {
      const record = recordOf(bytes)
      if (record.topic === topic) yield { record, asked }
      else throw new Error(`${asked} gave a message of ${record.topic}`)
    }
    const physicalOffset = sent.physicalOffsets.get(place) ?? 0
    const bytes = await store.lookMessageByOffset(physicalOffset)
    if (bytes === undefined) continue
    const record = recordOf(bytes)
    if (placeOf(record.topic, record.queueId, record.queueOffset) !== place)
      throw new Error(`offset ${physicalOffset} gave another message than ${place}`)
    yield { record, asked: `offset ${physicalOffset}` }
  }
}

/** A record must be what was sent to the place that it names, and lie where it was put. */
export function wrongOf(record: MessageExt, { ledger, physicalOffsets }: Sent): string[] {
  const place = placeOf(record.topic, record.queueId, record.queueOffset)
  const wrong: string[] = []
  if (ledger.acknowledged.get(place) !== contentOfRecord(record)) wrong.push(`${place} has another content`)
  if (physicalOffsets.get(place) !== record.physicalOffset) wrong.push(`${place} lies elsewhere`)
  return wrong
}

function recordOf(bytes: Buffer): MessageExt {
  const result = decodeRecord(bytes, 0)
  if (!result.ok) throw new Error(`what a query gave cannot be decoded: ${result.reason}`)
  return result.value
}
