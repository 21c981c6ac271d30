import {
  decodeRecord,
  isRetryTopic,
  type MessageExt,
  normalPopTopic,
  Property,
  popRetryTopic,
  REVIVE_GROUP,
  reviveTopic,
} from '@rockhopper/message'
import { PopAck, PopCheckPoint } from '@rockhopper/remoting'
import { rethrowAssertion } from '@rockhopper/store'
import type { BrokerParts } from '../parts.js'
import { OpenCheckpoint } from './open-checkpoint.js'
import { reviveMessage } from './revive-message.js'
import { ACK_TAG, BATCH_ACK_TAG, CHECKPOINT_TAG, writeCheckpoint } from './revive-messages.js'

/** Messages of one read. */
const BATCH = 32
/** A checkpoint is looked at when the log is so far behind its time: acknowledgements may come late. */
const GRACE_MS = 2_000
/** Without new messages for so long, the clock tells how far the log is (Apache: PopReviveService). */
const IDLE_MS = 3_000
/** Checkpoints read ahead. Past it the oldest are taken as due: better twice than without bound. */
const OPEN_MAX = 50_000
/** Offsets that were acknowledged before their checkpoint was read. Past it the oldest are forgotten. */
const EARLY_MAX = 50_000
/** Apache: ckRewriteIntervalsInSeconds. */
const AGAIN_AFTER_S = [
  10, 20, 30, 60, 120, 180, 240, 300, 360, 420, 480, 540, 600, 1_200, 1_800, 3_600, 7_200,
]

/**
 * Reads one revive queue: puts what was popped and not acknowledged in time into its retry topic (Apache:
 * PopReviveService). The offset of group CID_RMQ_SYS_REVIVE_GROUP is the last checkpoint that is done with;
 * after a crash it is read again from there, so a message may come twice and none is lost.
 */
export class ReviveQueue {
  readonly #parts: BrokerParts
  readonly #topic: string
  readonly #queueId: number
  /** Whether the timer has messages that it should have delivered: what is read is then not all there is. */
  readonly #timerBehind: () => boolean
  /** In the order of the queue. */
  readonly #open = new Map<string, OpenCheckpoint>()
  /**
   * Acknowledgements whose checkpoint comes after them: a timer that catches up delivers what came to it late
   * at once, past what still waits in its wheel.
   */
  readonly #early = new Map<string, Set<number>>()
  #earlyCount = 0
  #nextOffset: number
  /** Nothing was to read, and the timer had delivered all that was due, at the last run already. */
  #wasIdle = false
  /** Due time of the latest message read. */
  #endTime = 0
  #stopped = false

  constructor(parts: BrokerParts, queueId: number, timerBehind: () => boolean) {
    this.#parts = parts
    this.#topic = reviveTopic(parts.config.brokerClusterName)
    this.#queueId = queueId
    this.#timerBehind = timerBehind
    this.#nextOffset = (parts.offsets.committed(REVIVE_GROUP, this.#topic, queueId) ?? -1) + 1
  }

  /** A run under way ends at the next checkpoint. */
  stop(): void {
    this.#stopped = true
  }

  async run(): Promise<void> {
    // Asked first: what the timer delivers while this reads may not be seen by it.
    const behind = this.#timerBehind()
    const idle = (await this.#read()) && !behind
    const isIdle = idle && this.#wasIdle
    this.#wasIdle = idle
    if (this.#open.size === 0) return
    const dueBefore = this.#reached(isIdle) - GRACE_MS
    for (const [key, checkpoint] of this.#open) {
      if (this.#stopped || checkpoint.reviveTime >= dueBefore) return
      if (!(await this.#finish(checkpoint))) return
      this.#open.delete(key)
      this.#commit(checkpoint.reviveOffset)
    }
  }

  /** True when everything that is there was read. */
  async #read(): Promise<boolean> {
    const { clock, config, store } = this.#parts
    const startedAt = clock.monotonic()
    this.#correctOffset()
    while (!this.#stopped && this.#open.size < OPEN_MAX) {
      const query = { topic: this.#topic, queueId: this.#queueId, queueOffset: this.#nextOffset }
      const result = await store.getMessage({ ...query, countMax: BATCH })
      for (const record of result.records) this.#take(record)
      if (result.records.length === 0 && result.nextBeginOffset <= this.#nextOffset) return true
      this.#nextOffset = result.nextBeginOffset
      if (clock.monotonic() - startedAt > config.reviveScanTime) return false
    }
    return false
  }

  /** After a crash the log may have less than the saved offset, or retention took what it points to. */
  #correctOffset(): void {
    const { store } = this.#parts
    const maxOffset = store.maxOffset(this.#topic, this.#queueId)
    const minOffset = store.minOffset(this.#topic, this.#queueId)
    this.#nextOffset = Math.min(Math.max(this.#nextOffset, minOffset), maxOffset)
  }

  #take(record: Buffer): void {
    const decoded = decodeRecord(record, 0)
    if (!decoded.ok) return
    const message = decoded.value
    const { body, properties } = message
    try {
      const tag = properties[Property.TAGS]
      if (tag === CHECKPOINT_TAG) this.#begin(PopCheckPoint.decode(body), message.queueOffset)
      else if (tag === ACK_TAG || tag === BATCH_ACK_TAG) this.#close(PopAck.decode(body))
    } catch (error) {
      rethrowAssertion(error)
      this.#parts.log.error('REVIVE_MESSAGE_UNREADABLE', { physicalOffset: message.physicalOffset, error })
    }
    const dueMs = Number(properties[Property.TIMER_DELIVER_MS] ?? 0)
    if (Number.isFinite(dueMs)) this.#endTime = Math.max(this.#endTime, dueMs)
  }

  #begin(body: PopCheckPoint, reviveOffset: number): void {
    if (body.t === undefined || body.c === undefined) return
    const checkpoint = new OpenCheckpoint(body, reviveOffset, this.#parts.config.brokerName)
    // A later one of the same name stands behind those that came meanwhile.
    this.#open.delete(checkpoint.key)
    this.#open.set(checkpoint.key, checkpoint)
    for (const queueOffset of this.#takeEarly(checkpoint.key)) checkpoint.done(queueOffset)
  }

  /** Without a checkpoint the messages are revived, or acknowledged, already; or it is still to come. */
  #close(ack: PopAck): void {
    const key = OpenCheckpoint.keyOf(ack.t, ack.c, ack, this.#parts.config.brokerName)
    const checkpoint = this.#open.get(key)
    const queueOffsets = ack.aol ?? [ack.ao]
    if (checkpoint !== undefined) for (const queueOffset of queueOffsets) checkpoint.done(queueOffset)
    else this.#keepEarly(key, queueOffsets)
  }

  #keepEarly(key: string, queueOffsets: readonly number[]): void {
    const known = this.#takeEarly(key)
    const all = new Set([...known, ...queueOffsets])
    this.#early.set(key, all)
    this.#earlyCount += all.size
    for (const [oldest] of this.#early) {
      if (this.#earlyCount <= EARLY_MAX) return
      this.#takeEarly(oldest)
    }
  }

  #takeEarly(key: string): ReadonlySet<number> {
    const known = this.#early.get(key) ?? new Set<number>()
    this.#early.delete(key)
    this.#earlyCount -= known.size
    return known
  }

  /** The time up to which acknowledgements have been read. */
  #reached(isIdle: boolean): number {
    const now = this.#parts.clock.now()
    if (this.#open.size >= OPEN_MAX) return now
    if (isIdle && now - this.#endTime > IDLE_MS) return now
    return this.#endTime
  }

  /** False when the store refuses even to note that it shall be tried again. */
  async #finish(checkpoint: OpenCheckpoint): Promise<boolean> {
    const { groups, log, topics } = this.#parts
    const { consumerGroup, topic } = checkpoint
    if (
      topics.get(normalPopTopic(topic, consumerGroup)) === undefined ||
      groups.get(consumerGroup) === undefined
    ) {
      log.warn('REVIVE_WITHOUT_OWNER', { topic, consumerGroup })
      return true
    }
    for (const queueOffset of checkpoint.left()) {
      const done =
        (await this.#revive(checkpoint, queueOffset)) || (await this.#again(checkpoint, queueOffset))
      if (!done) return false
      checkpoint.done(queueOffset)
    }
    return true
  }

  async #revive(
    { consumerGroup, popTime, queueId, topic }: OpenCheckpoint,
    queueOffset: number,
  ): Promise<boolean> {
    const { config, log } = this.#parts
    try {
      const message = await this.#popped(topic, queueId, queueOffset)
      // Retention took it, or the topic is a new one of the same name.
      if (message === undefined) return true
      const v2 = config.enableRetryTopicV2
      const retry = isRetryTopic(topic) ? topic : popRetryTopic(topic, consumerGroup, v2)
      const refused = await reviveMessage(this.#parts, { message, retry, consumerGroup, popTime })
      if (refused === undefined) return true
      log.warn('REVIVE_REFUSED', { topic, queueId, queueOffset, ...refused })
    } catch (error) {
      rethrowAssertion(error)
      log.warn('REVIVE_FAILED', { topic, queueId, queueOffset, error })
    }
    return false
  }

  async #popped(topic: string, queueId: number, queueOffset: number): Promise<MessageExt | undefined> {
    const { records } = await this.#parts.store.getMessage({ topic, queueId, queueOffset, countMax: 1 })
    const decoded = records[0] && decodeRecord(records[0], 0)
    return decoded?.ok && decoded.value.queueOffset === queueOffset ? decoded.value : undefined
  }

  /** A checkpoint of the one message, due later (Apache: PopReviveService.rePutCK). */
  async #again(checkpoint: OpenCheckpoint, queueOffset: number): Promise<boolean> {
    const { brokerName, consumerGroup, invisibleTime, popTime, queueId, rePutTimes, topic } = checkpoint
    if (rePutTimes >= AGAIN_AFTER_S.length && this.#parts.config.skipWhenCKRePutReachMaxTimes) {
      this.#parts.log.error('REVIVE_GIVEN_UP', { topic, queueId, queueOffset, rePutTimes })
      return true
    }
    const pauseS = AGAIN_AFTER_S[Math.min(rePutTimes, AGAIN_AFTER_S.length - 1)] as number
    const again = {
      topic,
      consumerGroup,
      queueId,
      startOffset: queueOffset,
      queueOffsets: [queueOffset],
      popTime,
      invisibleTime: invisibleTime + pauseS * 1_000,
      brokerName,
      rePutTimes: rePutTimes + 1,
    }
    return 'placed' in (await writeCheckpoint(this.#parts, again, this.#queueId))
  }

  #commit(reviveOffset: number): void {
    this.#parts.offsets.commit(REVIVE_GROUP, this.#topic, this.#queueId, reviveOffset)
  }
}
