import type { Env } from '@rockhopper/env'
import { type MessageExt, MqError } from '@rockhopper/message'
import type { ConsumeMessageDirectlyResult } from '@rockhopper/remoting'
import { decompressed, viewOf } from '../received-message.js'
import type { ConsumerSettings } from './consumer-settings.js'
import { callListener, type ListenerCallParts } from './listener-call.js'
import { ProcessQueue } from './process-queue.js'

export interface ConsumeDirectlyParts extends ListenerCallParts {
  readonly env: Pick<Env, 'clock' | 'compute'>
  readonly settings: ConsumerSettings
}

/**
 * An operator has one message consumed once more by this member (code 309): the listener is called as
 * always, but nothing is given back and no offset moves.
 */
export async function consumeDirectly(
  parts: ConsumeDirectlyParts,
  record: MessageExt,
  brokerName: string,
): Promise<ConsumeMessageDirectlyResult> {
  const { env, settings } = parts
  const startedAt = env.clock.monotonic()
  const queue = { topic: record.topic, brokerName, queueId: record.queueId }
  const done = (consumeResult: ConsumeMessageDirectlyResult['consumeResult'], remark?: string) => ({
    order: settings.orderly,
    autoCommit: true,
    consumeResult,
    spentTimeMills: Math.round(env.clock.monotonic() - startedAt),
    ...(remark === undefined ? {} : { remark }),
  })
  try {
    const readable = await decompressed(record, env.compute, settings.decompressedSizeMax)
    const processQueue = new ProcessQueue(queue, record.queueOffset, settings.limits)
    const held = processQueue.put([{ message: viewOf(readable, queue) }], record.queueOffset + 1)
    const outcome = await callListener(parts, processQueue, held)
    if (outcome.kind === 'success') return done('CR_SUCCESS')
    return outcome.error === undefined ? done('CR_LATER') : done('CR_THROW_EXCEPTION', String(outcome.error))
  } catch (error) {
    if (!(error instanceof MqError)) throw error
    return done('CR_THROW_EXCEPTION', error.message)
  }
}
