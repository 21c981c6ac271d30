import type { Log } from '@rockhopper/env'
import type { Message } from '@rockhopper/message'
import type { MessageQueue } from '@rockhopper/remoting'
import type { MessageView } from './message-view.js'
import type { SendResult } from './send-result.js'

/** One attempt to send: a send that is tried three times is three of them. */
export interface SendAttempt {
  readonly producerGroup: string
  readonly kind: 'single' | 'batch' | 'reply'
  readonly oneway: boolean
  /** The message, or the first of a batch, as it was given. */
  readonly message: Message
  /** UNIQ_KEY; of a batch, joined by a comma. */
  readonly messageId: string
  readonly messageQueue: MessageQueue
  /** `host:port` of the broker. */
  readonly brokerAddress: string
  /** Bytes on the wire, after compression. */
  readonly bodySize: number
}

export interface SendEnd {
  readonly costMs: number
  /** Unless it failed or was one-way. */
  readonly result?: SendResult
  readonly error?: unknown
  /** Where the broker says it is (MSG_REGION); unless it failed or was one-way. */
  readonly regionId?: string
  /** The broker wants no traces of this message (TRACE_ON is false). */
  readonly untraced?: boolean
}

/** One call of a listener. */
export interface ListenerCall {
  readonly consumerGroup: string
  readonly messageQueue: MessageQueue
  readonly messages: readonly MessageView[]
}

export interface ListenerCallEnd {
  readonly costMs: number
  readonly outcome: 'SUCCESS' | 'RECONSUME_LATER' | 'EXCEPTION' | 'TIME_OUT'
  readonly error?: unknown
}

/** Queues of a topic that change hands in a group, as this member sees it. */
export interface RebalanceChange {
  readonly consumerGroup: string
  readonly topic: string
  readonly taking: readonly MessageQueue[]
  readonly releasing: readonly MessageQueue[]
}

/**
 * Sees what a client does, for metrics and tracing (Apache: SendMessageHook and ConsumeMessageHook). A method
 * that throws is logged and changes nothing. Methods are synchronous: they are on the path of every message.
 */
export interface ClientHook {
  beforeSend?(attempt: SendAttempt): void
  afterSend?(attempt: SendAttempt, end: SendEnd): void
  beforeConsume?(call: ListenerCall): void
  afterConsume?(call: ListenerCall, end: ListenerCallEnd): void
  /** A broker, `host:port`, answered a heartbeat, for the first time or after `brokerLost`. */
  brokerFound?(address: string): void
  /** Its connection broke, or it no longer answers. Not told while the client shuts down. */
  brokerLost?(address: string): void
  /** The split of a topic's queues has changed, and they are being taken and released. */
  beforeRebalance?(change: RebalanceChange): void
  /** This member has all queues that are its own, and releases no other one's. */
  afterRebalance?(change: Pick<RebalanceChange, 'consumerGroup' | 'topic'>): void
}

/** The hooks of one client. */
export class ClientHooks {
  readonly #log: Log
  readonly #hooks: ClientHook[] = []
  #noneConsumes = true

  constructor(log: Log, hooks: readonly ClientHook[]) {
    this.#log = log
    for (const hook of hooks) this.add(hook)
  }

  add(hook: ClientHook): void {
    this.#hooks.push(hook)
    if (hook.beforeConsume !== undefined || hook.afterConsume !== undefined) this.#noneConsumes = false
  }

  get none(): boolean {
    return this.#hooks.length === 0
  }

  /** Whether no hook sees listener calls. */
  get noneConsumes(): boolean {
    return this.#noneConsumes
  }

  tell(run: (hook: ClientHook) => void): void {
    for (const hook of this.#hooks) {
      try {
        run(hook)
      } catch (error) {
        this.#log.warn('client.hook.failed', { error })
      }
    }
  }
}
