import type { WritePacket } from '@nestjs/microservices'
import { MqError } from '@rockhopper/message'
import { map, type Observable } from 'rxjs'
import { REPLY_KIND, REPLY_SEQUENCE } from './properties.js'

/** Values of a handler that may wait for their replies to be sent; a faster stream ends with an error. */
const UNSENT_MAX = 1_000
/** Replies that may wait for one that is missing before the stream counts as broken. */
const REORDERED_MAX = 256

/** Nest's `Server.send`: gives each packet of a stream, and awaits what it gets back before the next one. */
export type SendPackets = (
  stream$: Observable<unknown>,
  respond: (packet: WritePacket) => Promise<void>,
) => unknown

/**
 * Runs a handler's stream to its end. `next`, when given, gets every value that more may follow; the result
 * is the last packet: the last value, the error, or nothing more.
 */
export function runReplies(
  send: SendPackets,
  stream$: Observable<unknown>,
  next?: (value: unknown) => Promise<void>,
): Promise<WritePacket> {
  return new Promise((resolve) => {
    const last: WritePacket = {}
    let given = 0
    let taken = 0
    const bounded$ = stream$.pipe(
      map((value) => {
        given++
        if (given - taken <= UNSENT_MAX) return value
        throw new MqError('TOO_MANY_REQUESTS', `streaming replies with ${UNSENT_MAX} of them not yet sent`)
      }),
    )
    const respond = async (packet: WritePacket): Promise<void> => {
      taken++
      if (packet.err !== undefined) last.err = packet.err
      const value: unknown = packet.response
      if (value !== undefined) {
        if (next === undefined || packet.isDisposed === true) last.response = value
        else await next(value)
      }
      if (packet.isDisposed === true) resolve(last)
    }
    send(next === undefined ? stream$ : bounded$, respond)
  })
}

interface Numbered {
  readonly properties: Readonly<Record<string, string>>
}

/**
 * Puts the replies of one request into the order they were given: brokers may push them in another one. A
 * number that was had before, as after a redelivery of the request, is left out.
 */
export class ReplyOrder<Reply extends Numbered> {
  readonly #deliver: (reply: Reply) => void
  readonly #early = new Map<number, Reply>()
  #expected = 0

  constructor(deliver: (reply: Reply) => void) {
    this.#deliver = deliver
  }

  /** Whether more replies are expected. @throws MqError when one of them was lost. */
  take(reply: Reply): boolean {
    const given = reply.properties[REPLY_SEQUENCE]
    // Of a Java consumer, or of an older version: the only one.
    if (given === undefined) {
      this.#deliver(reply)
      return false
    }
    const sequence = Number(given)
    if (sequence >= this.#expected) this.#early.set(sequence, reply)
    if (this.#early.size > REORDERED_MAX) {
      throw new MqError('REPLY_TIMEOUT', `reply ${this.#expected} of a stream is missing`)
    }
    return this.#deliverInOrder()
  }

  #deliverInOrder(): boolean {
    for (;;) {
      const reply = this.#early.get(this.#expected)
      if (reply === undefined) return true
      this.#early.delete(this.#expected++)
      this.#deliver(reply)
      if (reply.properties[REPLY_KIND] !== 'next') return false
    }
  }
}
