import {
  decodeRecord,
  Property,
  parseOffsetMessageId,
  type RecordDraft,
  SystemTopic,
} from '@rockhopper/message'
import { ok, type Processors, type Reply, ResponseCode, refuse } from '@rockhopper/remoting'
import { BackgroundLoop } from '../background-loop.js'
import { flushMode, needsOf, type OutgoingMessage, type Written, writeDraft } from '../message-writer.js'
import type { BrokerParts } from '../parts.js'
import type { LoadedFile } from '../state-files.js'
import { endTransaction } from './end-transaction.js'
import { supersedeCopies } from './half-copies.js'
import { HalfDecisions } from './half-decisions.js'
import { HALF_QUEUE, halfDraft, realTarget, renewedDraft } from './half-message.js'
import { OpQueue } from './op-queue.js'
import { TransactionCheck } from './transaction-check.js'
import { TransactionMetrics } from './transaction-metrics.js'
import type { TransactionParts } from './transaction-parts.js'

/** Its offsets in the half and the op topic are the progress of the check (Apache: CID_SYS_RMQ_TRANS). */
const GROUP = 'CID_RMQ_SYS_TRANS'

/** Transactional messages: half messages, their end, and the check (remoting.md section 22). */
export class Transactions {
  readonly #parts: TransactionParts
  readonly #ops: OpQueue
  readonly #check: TransactionCheck
  readonly #loops: readonly BackgroundLoop[]
  /** End of the log when the last round ended whose progress is not saved; infinite when it is. */
  #unsaved = Number.POSITIVE_INFINITY

  constructor(parts: BrokerParts, { file, saved }: LoadedFile<TransactionMetricsOf>) {
    const { clock, config, log } = parts
    this.#ops = new OpQueue(parts)
    this.#parts = {
      ...parts,
      metrics: new TransactionMetrics(clock, file, saved),
      decisions: new HalfDecisions((halfOffset) => this.#ops.note(halfOffset)),
      startedAt: clock.now(),
      advance: (halfOffset) => this.#advance(halfOffset),
    }
    this.#check = new TransactionCheck(this.#parts)
    const metrics = this.#parts.metrics
    this.#loops = [
      new BackgroundLoop(
        { clock, log, code: 'TRANSACTION_CHECK_FAILED', everyMs: () => config.transactionCheckInterval },
        () => this.#round(),
      ),
      new BackgroundLoop(
        { clock, log, code: 'TRANSACTION_METRICS_NOT_SAVED', everyMs: config.transactionMetricFlushInterval },
        () => metrics.persist(),
      ),
    ]
  }

  /** Reads what is decided, before the first request. */
  async load(): Promise<void> {
    const { decisions, offsets, store } = this.#parts
    const saved = offsets.committed(GROUP, SystemTopic.TRANS_HALF, HALF_QUEUE)
    const halfOffset = Math.max(saved ?? 0, store.minOffset(SystemTopic.TRANS_HALF, HALF_QUEUE))
    // A crash may have taken half messages that the saved progress was past.
    decisions.startAt(Math.min(halfOffset, store.maxOffset(SystemTopic.TRANS_HALF, HALF_QUEUE)))
    const opOffset = offsets.committed(GROUP, SystemTopic.TRANS_OP_HALF, HALF_QUEUE) ?? 0
    await this.#ops.load(opOffset, (decided) => decisions.load(decided))
    await supersedeCopies(store, decisions)
  }

  start(): void {
    for (const loop of this.#loops) loop.start()
  }

  /** Ends the check, writes decisions that wait. Whoever stops the broker closes the write gate first. */
  async stop(): Promise<void> {
    this.#check.stop()
    for (const loop of this.#loops) await loop.stop()
    await this.#ops.stop()
    await this.#parts.metrics.persist()
  }

  /** Stores a half message. Never rejects. */
  async putHalf(message: OutgoingMessage, producerGroup: string): Promise<Written> {
    const draft = halfDraft(message, producerGroup)
    if (draft === undefined) {
      return { code: ResponseCode.MESSAGE_ILLEGAL, remark: 'the properties leave no room for checks' }
    }
    return this.#put(draft, message.topic, needsOf(this.#parts, message.properties))
  }

  processors(): Processors {
    return {
      END_TRANSACTION: (header) => endTransaction(this.#parts, header),
      RESUME_CHECK_HALF_MESSAGE: ({ msgId }) => this.#resume(msgId ?? ''),
    }
  }

  /** Half messages of a topic without a decision, as transactionMetrics counts them. */
  undecided(topic: string): number {
    return this.#parts.metrics.count(topic)
  }

  async #put(draft: RecordDraft, realTopic: string, needs = flushMode(this.#parts)): Promise<Written> {
    const written = await writeDraft(this.#parts, draft, needs)
    if ('placed' in written) this.#parts.metrics.add(realTopic, 1)
    return written
  }

  /** Code 323: a discarded half message is asked about again, from the first check on. */
  async #resume(msgId: string): Promise<Reply<'RESUME_CHECK_HALF_MESSAGE'>> {
    const id = parseOffsetMessageId(msgId)
    const record = id && (await this.#parts.store.lookMessageByOffset(id.physicalOffset))
    const decoded = record && decodeRecord(record, 0)
    const half = decoded?.ok && decoded.value.topic === SystemTopic.TRANS_CHECK_MAX_TIME && decoded.value
    const target = half ? realTarget(half) : undefined
    if (!half || target === undefined) {
      return refuse(
        ResponseCode.SYSTEM_ERROR,
        `'${msgId}' is no message of ${SystemTopic.TRANS_CHECK_MAX_TIME}`,
      )
    }
    const draft = renewedDraft(half, { [Property.TRANSACTION_CHECK_TIMES]: '0' })
    const written = await this.#put(draft, target.topic)
    return 'placed' in written ? ok() : refuse(written.code, written.remark)
  }

  /**
   * How far a round came is saved before the next one, once what it stored again is on the disk: a broker
   * that crashes often would else begin each time with all copies that its earlier lives made.
   */
  async #round(): Promise<void> {
    const { decisions, log, offsets, store } = this.#parts
    if (store.watermarks.synced >= this.#unsaved) {
      this.#unsaved = Number.POSITIVE_INFINITY
      await offsets.persist().catch((error: unknown) => log.warn('CONSUMER_OFFSETS_NOT_SAVED', { error }))
    }
    const before = decisions.progress
    await this.#check.run()
    if (decisions.progress > before) this.#unsaved = store.watermarks.placed
  }

  #advance(halfOffset: number): void {
    const { decisions, offsets } = this.#parts
    decisions.advance(halfOffset)
    offsets.commit(GROUP, SystemTopic.TRANS_HALF, HALF_QUEUE, halfOffset)
    const opOffset = this.#ops.passed(halfOffset)
    if (opOffset !== undefined) offsets.commit(GROUP, SystemTopic.TRANS_OP_HALF, HALF_QUEUE, opOffset)
  }
}

type TransactionMetricsOf = NonNullable<ConstructorParameters<typeof TransactionMetrics>[2]>
