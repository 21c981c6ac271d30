import type { ClientInstance } from '../client-instance.js'
import { decompressed, viewOf } from '../received-message.js'
import type { LocalTransactionState, TransactionListener } from '../transaction-listener.js'
import { inTime, withAnyOf } from '../wait.js'
import { type HalfPlace, placeOfCheck, type TransactionCheckRequest } from './transaction-end.js'

/** Largest body after decompression. */
const BODY_SIZE_MAX = 64 * 1024 * 1024

export interface TransactionChecksParts {
  readonly instance: ClientInstance
  readonly listener: Pick<TransactionListener, 'checkLocalTransaction'>
  readonly end: (place: HalfPlace, state: LocalTransactionState) => Promise<boolean>
  /** Checks at once. */
  readonly atOnceMax: number
  /** Checks that wait; past it they are dropped, and the broker asks again. */
  readonly waitingMax: number
  readonly timeoutMs: number
  readonly stopping: AbortSignal
}

interface Check {
  readonly request: TransactionCheckRequest
  place: HalfPlace
}

/**
 * Answers brokers that ask about transactions (Apache: ClientRemotingProcessor.checkTransactionState). One
 * transaction is looked at once at a time, and the answer goes to where the half message was seen last.
 */
export class TransactionChecks {
  readonly #parts: TransactionChecksParts
  readonly #checks = new Map<string, Check>()
  readonly #waiting: Check[] = []
  /** Transactions that still execute in this process: they answer for themselves when they are done. */
  readonly #executing = new Map<string, HalfPlace>()
  #running = 0

  constructor(parts: TransactionChecksParts) {
    this.#parts = parts
  }

  executing(place: HalfPlace): void {
    this.#executing.set(place.transactionId, place)
  }

  /** The place to end an executed transaction at: a check may have moved it. */
  executed(transactionId: string): HalfPlace | undefined {
    const place = this.#executing.get(transactionId)
    this.#executing.delete(transactionId)
    return place
  }

  arrived(request: TransactionCheckRequest): void {
    const place = placeOfCheck(request)
    const { transactionId } = place
    if (this.#executing.has(transactionId)) {
      this.#executing.set(transactionId, place)
      return
    }
    const known = this.#checks.get(transactionId)
    if (known !== undefined) {
      known.place = place
      return
    }
    const { instance, stopping, waitingMax } = this.#parts
    if (stopping.aborted || this.#waiting.length >= waitingMax) {
      instance.env.log.warn('client.transaction.checkDropped', { transactionId, waitingMax })
      return
    }
    const check = { request, place }
    this.#checks.set(transactionId, check)
    this.#waiting.push(check)
    this.#runNext()
  }

  #runNext(): void {
    while (this.#running < this.#parts.atOnceMax) {
      const check = this.#waiting.shift()
      if (check === undefined) return
      this.#running++
      this.#parts.instance.background.run('transaction check', async () => {
        try {
          const state = await this.#state(check)
          await this.#parts.end(check.place, state)
        } finally {
          this.#checks.delete(check.place.transactionId)
          this.#running--
          this.#runNext()
        }
      })
    }
  }

  /** Rejects when the listener does, or takes too long: the broker hears nothing, and asks again. */
  async #state({ request, place }: Check): Promise<LocalTransactionState> {
    const { instance, listener, stopping, timeoutMs } = this.#parts
    const { clock, compute } = instance.env
    const record = await decompressed(request.record, compute, BODY_SIZE_MAX)
    const { topic, queueId } = record
    const message = viewOf(record, { topic, queueId, brokerName: place.brokerName })
    const { transactionId } = place
    const ended = new AbortController()
    const work = withAnyOf([ended.signal, stopping], async (signal) =>
      listener.checkLocalTransaction(message, { transactionId, signal }),
    )
    try {
      const what = `Checking transaction ${transactionId} of '${topic}'`
      return await inTime(clock, work, what, { timeoutMs, signal: stopping })
    } finally {
      ended.abort()
    }
  }
}
