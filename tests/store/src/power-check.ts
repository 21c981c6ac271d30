import type { Ledger } from '@rockhopper/sim'
import type { MessageStore } from '@rockhopper/store'
import { contentOfRecord, placeOf } from './contents.js'
import { audit } from './store-audit.js'

export interface PowerCheck {
  readonly store: MessageStore
  readonly ledger: Ledger
  /** Of the acknowledged places. */
  readonly physicalOffsets: ReadonlyMap<string, number>
  /** ASYNC_FLUSH may lose what was not synced: the end of the log, never a piece out of it. */
  readonly suffixMayBeLost: boolean
}

/** What is wrong with a store that was started on what a power loss or a kill left, one sentence each. */
export async function wrongAfterPowerLoss(check: PowerCheck): Promise<string[]> {
  const { store, ledger, physicalOffsets, suffixMayBeLost } = check
  const { delivered, log, differences } = await audit(store)
  const wrong = [...differences]
  if (delivered.length !== log.length) wrong.push(`${delivered.length} delivered, ${log.length} in the log`)
  const found = new Map(
    delivered.map((record) => [
      placeOf(record.topic, record.queueId, record.queueOffset),
      contentOfRecord(record),
    ]),
  )
  const { lost, ...others } = ledger.judge(found)
  for (const [kind, places] of Object.entries(others))
    for (const place of places) wrong.push(`${kind}: ${place}`)
  for (const place of lost) {
    const behindTheEnd = (physicalOffsets.get(place) ?? 0) >= store.maxPhysicalOffset
    if (!suffixMayBeLost || !behindTheEnd) wrong.push(`lost: ${place}`)
  }
  return wrong
}
