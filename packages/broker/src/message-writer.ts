import { encodeProperties, type Properties, Property, type RecordDraft } from '@rockhopper/message'
import { ResponseCode } from '@rockhopper/remoting'
import type { Placed } from '@rockhopper/store'
import { delayLevelOf, parkDelayed } from './delayed-message.js'
import type { BrokerParts } from './parts.js'
import type { Refusal } from './send-checks.js'
import { BUSY_REMARK, codeOfStatus, refusalRemark } from './send-outcome.js'
import type { Needs } from './tickets.js'
import { parkTimed, wantsTimer } from './timer/timed-message.js'

export type WriterParts = Pick<
  BrokerParts,
  'clock' | 'config' | 'delayLevels' | 'random' | 'stats' | 'store' | 'tickets' | 'timerStore' | 'writeGate'
>

/** A message to be stored, its properties still as a map. */
export interface OutgoingMessage extends Omit<RecordDraft, 'properties' | 'propertiesTail'> {
  readonly properties: Properties
}

/** `code` is 0, or 10 when it is stored and its sync is not confirmed yet. */
export type Written = { readonly code: number; readonly remark?: string; readonly placed: Placed } | Refusal

/**
 * Stores a message on the general way: delay level or time first, then place, then the watermark. Never
 * rejects.
 */
export async function writeMessage(
  parts: WriterParts,
  message: OutgoingMessage,
  needs: Needs = needsOf(parts, message.properties),
): Promise<Written> {
  const { properties } = message
  // Of the record this message was read from; it says nothing of the one that is written now.
  delete properties[Property.CRC32]
  let { topic, queueId } = message
  if (delayLevelOf(properties) > 0) {
    const parked = parkDelayed(properties, { topic, queueId }, parts.delayLevels.length)
    topic = parked.topic
    queueId = parked.queueId
  } else if (wantsTimer(topic, properties)) {
    const parked = parkTimed(parts, properties, { topic, queueId })
    if ('code' in parked) return parked
    topic = parked.topic
    queueId = parked.queueId
  }
  return writeDraft(parts, { ...message, topic, queueId, properties: encodeProperties(properties) }, needs)
}

export async function writeDraft(parts: WriterParts, draft: RecordDraft, needs: Needs): Promise<Written> {
  const refusal = refuseWrite(parts)
  if (refusal !== undefined) return refusal
  return settle(parts, parts.store.place(draft), needs, 1)
}

/** What stops every write, asked in the same step as `place`. */
export function refuseWrite({ tickets, writeGate }: WriterParts): Refusal | undefined {
  const closed = writeGate.refusal()
  if (closed !== undefined) return { code: ResponseCode.SERVICE_NOT_AVAILABLE, remark: closed }
  if (tickets.full) return { code: ResponseCode.SYSTEM_BUSY, remark: BUSY_REMARK }
  return undefined
}

export async function settle(
  { stats, tickets }: WriterParts,
  result: ReturnType<BrokerParts['store']['place']>,
  needs: Needs,
  count: number,
): Promise<Written> {
  if (result.status !== 'PUT_OK') return { code: codeOfStatus(result.status), remark: refusalRemark(result) }
  const outcome = await tickets.wait(result.end, needs)
  const code = codeOfStatus(outcome.status)
  if ('remark' in outcome) return { code, remark: outcome.remark }
  stats.puts.add(count)
  return { code, placed: result }
}

/** With WAIT=false a sender does not wait for the sync (Apache: isWaitStoreMsgOK). */
export function needsOf(parts: Pick<BrokerParts, 'config'>, properties: Properties): Needs {
  return properties[Property.WAIT] === 'false' ? 'written' : flushMode(parts)
}

export function flushMode({ config }: Pick<BrokerParts, 'config'>): Needs {
  return config.flushDiskType === 'SYNC_FLUSH' ? 'synced' : 'written'
}
