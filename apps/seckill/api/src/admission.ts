import { Inject, Injectable } from '@nestjs/common'
import { ClientRocketMQ, RocketMQRecord } from '@rockhopper/nestjs'
import { faultPoint, itemKey, type SeckillRequest, Topic, ticketOf } from '@rockhopper/seckill-contracts'
import { API_SETTINGS, type ApiSettings } from './api-settings.js'
import type { Gate } from './gate.js'
import { Gates } from './gates.js'
import { Recent } from './recent.js'
import { Throughput } from './throughput.js'
import { TokenBucket } from './token-bucket.js'

/** Tickets remembered, so that a repeat is answered without another message. */
const TICKETS_MAX = 200_000
/** A request that the broker has not taken by then is answered with 503. */
const SEND_TIMEOUT_MS = 3_000

export type Admission =
  | { readonly kind: 'queued'; readonly ticket: string }
  | { readonly kind: 'no-such-item' }
  | { readonly kind: 'sold-out' }
  | { readonly kind: 'busy'; readonly retryAfterMs: number }
  | { readonly kind: 'unavailable'; readonly reason: string }

/** The way in: gate and rate first, then the broker; the answer comes after its acknowledgement. */
@Injectable()
export class Admissions {
  readonly #queued = new Recent<true>(TICKETS_MAX)
  readonly #bucket: TokenBucket

  constructor(
    @Inject(ClientRocketMQ) private readonly client: ClientRocketMQ,
    @Inject(Gates) private readonly gates: Gates,
    @Inject(Throughput) private readonly throughput: Throughput,
    @Inject(API_SETTINGS) settings: ApiSettings,
  ) {
    this.#bucket = new TokenBucket(settings.admitPerSecond, performance.now())
  }

  async request(campaignId: string, itemId: string, userId: string): Promise<Admission> {
    const startedAt = performance.now()
    const admission = await this.#request(campaignId, itemId, userId)
    this.throughput.count(admission.kind, performance.now() - startedAt)
    return admission
  }

  async #request(campaignId: string, itemId: string, userId: string): Promise<Admission> {
    const ticket = ticketOf(campaignId, userId)
    if (this.#queued.get(ticket)) return { kind: 'queued', ticket }
    const retryAfterMs = this.#bucket.take(performance.now())
    if (retryAfterMs > 0) return { kind: 'busy', retryAfterMs }
    let gate: Gate | undefined
    try {
      gate = await this.gates.find(campaignId, itemId)
    } catch (error) {
      return { kind: 'unavailable', reason: `nobody answers for campaign ${campaignId}: ${text(error)}` }
    }
    if (gate === undefined) return { kind: 'no-such-item' }
    const passage = gate.passage()
    if (passage === 'sold-out') return { kind: 'sold-out' }
    if (passage === 'full') return { kind: 'busy', retryAfterMs: 1_000 }
    gate.admit()
    try {
      await this.#send({ ticket, campaignId, itemId, userId, requestedAt: Date.now() })
    } catch (error) {
      gate.withdraw()
      return { kind: 'unavailable', reason: `the broker did not take the request: ${text(error)}` }
    }
    this.#queued.set(ticket, true)
    return { kind: 'queued', ticket }
  }

  async #send(request: SeckillRequest): Promise<void> {
    faultPoint('api.before-send')
    await this.client.publish(
      { topic: Topic.REQUEST, tag: 'request' },
      new RocketMQRecord(request, {
        keys: [request.ticket],
        // One queue for an item: its order is the order of arrival.
        shardingKey: itemKey(request),
        timeoutMs: SEND_TIMEOUT_MS,
      }),
    )
    faultPoint('api.after-send-before-answer')
  }
}

const text = (error: unknown): string => (error instanceof Error ? error.message : String(error))
