import type { RecordDraft } from '@rockhopper/message'
import type { Placed, PlaceResult } from './message-store.js'
import type { StoreParts } from './store-parts.js'

/**
 * Resolves when the topic stays deleted over any crash. The mark waits for the write of what is placed: it
 * must not reach over records that a full disk takes back. Rejects with DiskError.
 */
export async function deleteTopic(
  { deleted, flush, log, queues, waiters }: StoreParts,
  topic: string,
  isOpen: boolean,
): Promise<void> {
  const end = log.placed
  deleted.add(topic, end)
  queues.remove(topic)
  if (isOpen && flush.written < end) {
    await waiters.wait(
      { status: 'PUT_OK', physicalOffset: 0, queueOffset: 0, storeTimestamp: 0, end },
      'written',
    )
  }
  await deleted.save()
}

export function illegalQueue({ topic, queueId }: RecordDraft): Exclude<PlaceResult, Placed> {
  return { status: 'MESSAGE_ILLEGAL', remark: `no queue ${queueId} of topic '${topic}' can be made` }
}
