import { Producer } from '@rockhopper/client'
import type { Message } from '@rockhopper/message'
import type { Planned } from '../plan.js'
import { readPlan } from '../plan-file.js'
import { emit } from './lines.js'
import { number, type Options, required, text } from './options.js'
import { produceInTransactions } from './produce-in-transactions.js'
import { emitSent, toMessage } from './sent-line.js'
import { toldHooks } from './told-hooks.js'

const SEND_TIMEOUT_MS = 10_000

/**
 * What Produce.java does, with our producer. Sync waits for each answer, async has all sends in flight at
 * once.
 */
export async function produce(options: Options): Promise<void> {
  const messages = readPlan(required(options, 'plan'))
  if (text(options, 'mode', 'sync') === 'transaction') return produceInTransactions(options, messages)
  const producer = new Producer({
    namesrvAddr: required(options, 'nameserver'),
    producerGroup: required(options, 'group'),
    sendMsgTimeoutMs: SEND_TIMEOUT_MS,
    hooks: toldHooks(options),
  })
  await producer.start()
  await send(producer, messages, text(options, 'mode', 'sync'), number(options, 'batch-size', 32))
  await producer.shutdown()
  emit({ event: 'done', count: messages.length })
}

async function send(
  producer: Producer,
  planned: readonly Planned[],
  mode: string,
  batchSize: number,
): Promise<void> {
  const messages = planned.map(toMessage)
  switch (mode) {
    case 'sync':
      for (const [index, message] of messages.entries()) emitSent(index, await producer.send(message))
      return
    case 'async':
      await Promise.all(messages.map(async (message, index) => emitSent(index, await producer.send(message))))
      return
    case 'oneway':
      for (const [index, message] of messages.entries()) {
        await producer.sendOneway(message)
        emit({ event: 'sent', index, status: 'ONEWAY' })
      }
      return
    case 'batch':
      for (let from = 0; from < messages.length; from += batchSize) {
        await sendBatch(producer, from, messages.slice(from, from + batchSize))
      }
      return
    default:
      throw new Error(`unknown --mode ${mode}`)
  }
}

/** The answer to a batch holds all ids, joined by commas, and the queue offset of the first message. */
async function sendBatch(producer: Producer, from: number, messages: readonly Message[]): Promise<void> {
  const result = await producer.send(messages)
  const ids = result.messageId.split(',')
  const offsetIds = result.offsetMessageId.split(',')
  for (let i = 0; i < messages.length; i++) {
    const queueOffset = result.queueOffset + i
    emitSent(from + i, {
      ...result,
      messageId: ids[i] ?? '',
      offsetMessageId: offsetIds[i] ?? '',
      queueOffset,
    })
  }
}
