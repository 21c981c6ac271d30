import type { MessageView } from '@rockhopper/client'
import type { Message } from '@rockhopper/message'
import type { Verdict } from './verdict.js'

/** What tracing and metrics hang on; `instrumentation` of server and client options. Each wraps the next. */
export interface RocketMQInstrumentation {
  /** Around one send; what it gives to `send` is sent. */
  publish?<T>(message: Message, send: (message: Message) => Promise<T>): Promise<T>
  /** Around one delivery, from its arrival to its verdict. `handle` never rejects. */
  deliver?(
    delivery: { readonly message: MessageView; readonly group: string },
    handle: () => Promise<Verdict>,
  ): Promise<Verdict>
}

type Chain = readonly RocketMQInstrumentation[] | undefined

/** Sends through all of them, the first one outermost. */
export function instrumentedSend<T>(
  chain: Chain,
  message: Message,
  send: (message: Message) => Promise<T>,
): Promise<T> {
  const run = (chain ?? []).reduceRight(
    (next, { publish }) => (publish === undefined ? next : (one: Message) => publish<T>(one, next)),
    send,
  )
  return run(message)
}

/** Handles through all of them, the first one outermost. */
export function instrumentedDelivery(
  chain: Chain,
  delivery: { readonly message: MessageView; readonly group: string },
  handle: () => Promise<Verdict>,
): Promise<Verdict> {
  if (chain === undefined) return handle()
  const run = chain.reduceRight(
    (next, { deliver }) => (deliver === undefined ? next : () => deliver(delivery, next)),
    handle,
  )
  return run()
}
