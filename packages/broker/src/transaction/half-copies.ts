import { decodeRecord, Property, SystemTopic } from '@rockhopper/message'
import type { MessageStore } from '@rockhopper/store'
import type { HalfDecisions } from './half-decisions.js'
import { HALF_QUEUE } from './half-message.js'

const READ_COUNT = 32
/** Half messages whose last copy is remembered; the oldest are forgotten, and may be asked about twice. */
const REMEMBERED_MAX = 200_000
/** In place of an offset: several messages were sent with this key, a copy does not tell of which it is. */
const SEVERAL = -1

/**
 * A check stores a half message again. When a broker starts, those behind the saved progress may have several
 * copies that nothing else tells of; the last one stands for the message. Else all of them would be asked
 * about and stored again: twice as many with each crash. Messages that were sent with one key are no copies.
 */
export async function supersedeCopies(
  store: MessageStore,
  decisions: Pick<HalfDecisions, 'load' | 'progress'>,
): Promise<void> {
  const last = new Map<string, number>()
  for (let at = decisions.progress; ; ) {
    const entries = await store.queueEntries(SystemTopic.TRANS_HALF, HALF_QUEUE, at, READ_COUNT)
    if (entries.length === 0) return
    for (const { queueOffset, physicalOffset } of entries) {
      at = queueOffset + 1
      const record = await store.lookMessageByOffset(physicalOffset)
      const decoded = record && decodeRecord(record, 0)
      const properties = decoded?.ok ? decoded.value.properties : {}
      const key = keyOf(properties)
      if (key === undefined) continue
      const earlier = last.get(key)
      const stands = earlier === undefined || (earlier !== SEVERAL && isCopy(properties))
      if (stands && earlier !== undefined) decisions.load(earlier)
      last.delete(key)
      last.set(key, stands ? queueOffset : SEVERAL)
      const [oldest] = last.keys()
      if (last.size > REMEMBERED_MAX && oldest !== undefined) last.delete(oldest)
    }
  }
}

type Properties = Readonly<Record<string, string | undefined>>

/** What `renewedDraft` sets, at a check and when a message is not to be asked about yet. */
const isCopy = (properties: Properties): boolean =>
  properties[Property.TRANSACTION_CHECK_TIMES] !== undefined ||
  properties[Property.TRAN_PREPARED_QUEUE_OFFSET] !== undefined

function keyOf(properties: Properties): string | undefined {
  const key = properties[Property.UNIQ_KEY]
  return key === undefined ? undefined : `${properties[Property.PGROUP] ?? ''} ${key}`
}
