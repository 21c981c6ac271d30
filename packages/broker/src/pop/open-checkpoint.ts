import type { PopAck, PopCheckPoint } from '@rockhopper/remoting'

/** A checkpoint that was read and is not done with: what of it is acknowledged so far. */
export class OpenCheckpoint {
  readonly key: string
  readonly topic: string
  readonly consumerGroup: string
  readonly queueId: number
  readonly popTime: number
  readonly invisibleTime: number
  readonly brokerName: string
  readonly rePutTimes: number
  /** Where it lies in the revive queue. */
  readonly reviveOffset: number
  readonly #left: Set<number>

  constructor(body: PopCheckPoint, reviveOffset: number, brokerName: string) {
    this.topic = body.t ?? ''
    this.consumerGroup = body.c ?? ''
    this.key = OpenCheckpoint.keyOf(this.topic, this.consumerGroup, body, brokerName)
    this.queueId = body.q
    this.popTime = body.pt
    this.invisibleTime = body.it
    this.brokerName = body.bn ?? brokerName
    // Apache: an unreadable count is Byte.MAX_VALUE.
    this.rePutTimes = body.rp === undefined ? 0 : /^\d{1,3}$/.test(body.rp) ? Number(body.rp) : 127
    this.reviveOffset = reviveOffset
    this.#left = new Set(offsetsOf(body))
  }

  /** What joins an acknowledgement with its checkpoint (Apache: mergeKey). */
  static keyOf(
    topic: string,
    consumerGroup: string,
    { bn, pt, q, so }: Pick<PopAck, 'bn' | 'pt' | 'q' | 'so'>,
    brokerName: string,
  ): string {
    return [topic, consumerGroup, q, so, pt, bn ?? brokerName].join('@')
  }

  /** When its messages are visible again, ms since 1970. */
  get reviveTime(): number {
    return this.popTime + this.invisibleTime
  }

  done(queueOffset: number): void {
    this.#left.delete(queueOffset)
  }

  left(): readonly number[] {
    return [...this.#left]
  }
}

/** Checkpoints of old brokers have no list: their offsets follow one another. */
function offsetsOf({ bm, d, n, so }: PopCheckPoint): number[] {
  const all = d.length > 0 ? d.slice(0, n).map((diff) => so + diff) : sequence(so, Math.min(n, 32))
  return all.filter((_, index) => (bm & (1 << index)) === 0)
}

function sequence(first: number, count: number): number[] {
  return Array.from({ length: Math.max(0, count) }, (_, index) => first + index)
}
