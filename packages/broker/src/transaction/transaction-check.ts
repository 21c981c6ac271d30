import { decodeRecord, type MessageExt, offsetMessageId, Property, SystemTopic } from '@rockhopper/message'
import type { QueueEntry } from '@rockhopper/store'
import { flushMode, refuseWrite, settle } from '../message-writer.js'
import { topicConfig } from '../system-topics.js'
import type { HalfPlace } from './half-decisions.js'
import { checkRecord, discardedDraft, HALF_QUEUE, realTarget, renewedDraft } from './half-message.js'
import type { TransactionParts } from './transaction-parts.js'
import { wasCommitted } from './was-committed.js'

/** Longest a round takes; the next one goes on (Apache: MAX_PROCESS_TIME_LIMIT). */
const ROUND_MAX_MS = 60_000
const READ_COUNT = 32
/** A producer that does not read its checks gets no more. */
const OUTSTANDING_MAX = 8 * 1024 * 1024
const HOUR_MS = 3_600_000

/**
 * Asks producers about half messages that nobody decided on (Apache: TransactionalMessageServiceImpl.check;
 * remoting.md section 22.4). Each one asked about is stored again at the end of its queue, so that the
 * progress is one offset.
 */
export class TransactionCheck {
  readonly #parts: TransactionParts
  #nextChannel = 0
  #stopping = false

  constructor(parts: TransactionParts) {
    this.#parts = parts
  }

  /** The round in progress ends at its next message. */
  stop(): void {
    this.#stopping = true
  }

  /** One round. To be called by one caller at a time. */
  async run(): Promise<void> {
    const { clock, decisions, store } = this.#parts
    const startedAt = clock.now()
    const endsAt = clock.monotonic() + ROUND_MAX_MS
    if (this.#parts.config.brokerRole === 'SLAVE') return
    let at = Math.max(decisions.progress, store.minOffset(SystemTopic.TRANS_HALF, HALF_QUEUE))
    while (!this.#stopping && clock.monotonic() <= endsAt) {
      const entries = await store.queueEntries(SystemTopic.TRANS_HALF, HALF_QUEUE, at, READ_COUNT)
      if (entries.length === 0) break
      for (const entry of entries) {
        if (this.#stopping || !(await this.#look(entry, startedAt))) return
        at = entry.queueOffset + 1
        this.#parts.advance(at)
      }
    }
  }

  /** True when the check is through with it, false when the round ends here. */
  async #look(entry: QueueEntry, startedAt: number): Promise<boolean> {
    const { clock, config, decisions, log, store } = this.#parts
    const state = decisions.stateOf(entry.queueOffset)
    if (state !== 'open') return state === 'decided'
    const record = await store.lookMessageByOffset(entry.physicalOffset)
    const decoded = record && decodeRecord(record, 0)
    const target = decoded?.ok ? realTarget(decoded.value) : undefined
    if (!decoded?.ok || target === undefined) {
      log.error('HALF_MESSAGE_ILLEGAL', { ...entry })
      return true
    }
    const half = decoded.value
    if (half.storeTimestamp < this.#parts.startedAt && (await wasCommitted(store, half))) return true
    const checkTimes = timesChecked(half)
    const age = clock.now() - half.bornTimestamp
    if (checkTimes >= config.transactionCheckMax || age > config.fileReservedTime * HOUR_MS) {
      return this.#discard(half)
    }
    if (half.storeTimestamp >= startedAt) return false
    const immunity = half.properties[Property.CHECK_IMMUNITY_TIME_IN_SECONDS]
    if (immunity !== undefined) {
      if (age <= immunityMs(immunity, config.transactionTimeOut)) return this.#putBack(half)
    } else if (age >= 0 && age <= config.transactionTimeOut) return false
    return this.#check(half, target, checkTimes + 1)
  }

  /**
   * Not to be asked about yet, and nothing behind it waits for that. It is no check and not counted, unlike
   * in Apache, where a long immunity can end in the discard topic without a question.
   */
  async #putBack(half: MessageExt): Promise<boolean> {
    const first = half.properties[Property.TRAN_PREPARED_QUEUE_OFFSET] ?? String(half.queueOffset)
    const changes = { [Property.TRAN_PREPARED_QUEUE_OFFSET]: first }
    return (await this.#storeAgain(half, changes)) !== 'refused'
  }

  async #check(
    half: MessageExt,
    target: { readonly topic: string; readonly queueId: number },
    checkTimes: number,
  ): Promise<boolean> {
    const changes = { [Property.TRANSACTION_CHECK_TIMES]: String(checkTimes) }
    const stored = await this.#storeAgain(half, changes)
    if (typeof stored === 'string') return stored === 'decided'
    const { config, log, producers, storeHost } = this.#parts
    const group = half.properties[Property.PGROUP] ?? ''
    const open = producers
      .channelsOf(group)
      .filter(({ connection }) => !connection.closed && connection.outstandingBytes < OUTSTANDING_MAX)
    const channel = open[this.#nextChannel++ % Math.max(1, open.length)]
    if (channel === undefined) {
      log.warn('TRANSACTION_WITHOUT_PRODUCER', { producerGroup: group, checkTimes })
      return true
    }
    const uniqueKey = half.properties[Property.UNIQ_KEY]
    const body = checkRecord({ ...half, properties: { ...half.properties, ...changes } }, target, stored)
    const header = {
      tranStateTableOffset: stored.queueOffset,
      commitLogOffset: stored.physicalOffset,
      topic: SystemTopic.TRANS_HALF,
      msgId: uniqueKey,
      transactionId: uniqueKey,
      offsetMsgId: offsetMessageId(storeHost, stored.physicalOffset),
      bname: config.brokerName,
    }
    channel.connection.invokeOneway('CHECK_TRANSACTION_STATE', header, body)
    return true
  }

  /** 'decided' when somebody decided on it meanwhile, 'refused' when the store takes nothing now. */
  async #storeAgain(
    half: MessageExt,
    changes: Readonly<Record<string, string>>,
  ): Promise<'decided' | 'refused' | (HalfPlace & { readonly storeTimestamp: number })> {
    const { decisions, log } = this.#parts
    const state = decisions.stateOf(half.queueOffset)
    if (state !== 'open') return state === 'decided' ? 'decided' : 'refused'
    const refusal = refuseWrite(this.#parts)
    if (refusal !== undefined) return 'refused'
    const placed = this.#parts.store.place(renewedDraft(half, changes))
    const settled = settle(this.#parts, placed, flushMode(this.#parts), 1)
    let storeTimestamp = 0
    const place = await decisions.renew(
      half.queueOffset,
      settled.then((written) => {
        if (!('placed' in written)) {
          log.warn('HALF_MESSAGE_REFUSED', { code: written.code, remark: written.remark })
          return undefined
        }
        storeTimestamp = written.placed.storeTimestamp
        const { queueOffset, physicalOffset } = written.placed
        return { queueOffset, physicalOffset }
      }),
    )
    return place === undefined ? 'refused' : { ...place, storeTimestamp }
  }

  /** Where people find what nobody decided on; it stays where it is while the store refuses it. */
  async #discard(half: MessageExt): Promise<boolean> {
    const { decisions, log, metrics, topics } = this.#parts
    const topic = await topics.findOrCreate(topicConfig(SystemTopic.TRANS_CHECK_MAX_TIME, 1))
    if (topic === undefined || refuseWrite(this.#parts) !== undefined) return false
    const placed = this.#parts.store.place(discardedDraft(half))
    const written = await settle(this.#parts, placed, flushMode(this.#parts), 1)
    if (!('placed' in written)) return false
    const realTopic = half.properties[Property.REAL_TOPIC] ?? ''
    metrics.add(realTopic, -1)
    decisions.discard({ queueOffset: half.queueOffset, physicalOffset: half.physicalOffset })
    log.error('TRANSACTION_DISCARDED', {
      topic: realTopic,
      producerGroup: half.properties[Property.PGROUP],
      uniqueKey: half.properties[Property.UNIQ_KEY],
    })
    return true
  }
}

function timesChecked({ properties }: MessageExt): number {
  const text = properties[Property.TRANSACTION_CHECK_TIMES]
  return text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : 0
}

/** Text that is no number asks for nothing special (Apache: getImmunityTime). */
export function immunityMs(text: string, timeoutMs: number): number {
  return /^\d{1,9}$/.test(text) ? Number(text) * 1_000 : timeoutMs
}
