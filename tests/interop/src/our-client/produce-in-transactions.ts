import { once } from 'node:events'
import { type LocalTransactionState, TransactionProducer } from '@rockhopper/client'
import type { Planned } from '../plan.js'
import { emit } from './lines.js'
import { type Options, required, switched } from './options.js'
import { emitSent, toMessage } from './sent-line.js'

/** What Produce.java does with --mode transaction: the tag of a message decides. */
export async function produceInTransactions(options: Options, planned: readonly Planned[]): Promise<void> {
  const producer = new TransactionProducer({
    namesrvAddr: required(options, 'nameserver'),
    producerGroup: required(options, 'group'),
    sendMsgTimeoutMs: 10_000,
    listener: {
      executeLocalTransaction: async ({ tag = '' }) =>
        tag.startsWith('unknown') ? 'UNKNOW' : decisionOf(tag),
      checkLocalTransaction: async ({ keys, tag = '' }) => {
        emit({ event: 'checked', keys: keys.join(' ') })
        return decisionOf(tag)
      },
    },
  })
  await producer.start()
  for (const [index, message] of planned.map(toMessage).entries()) {
    const result = await producer.sendMessageInTransaction(message, undefined)
    const { confirmed, localTransactionState: state } = result
    if (confirmed !== (state !== 'UNKNOW')) throw new Error(`${state} of message ${index}: ${confirmed}`)
    emitSent(index, result)
  }
  if (switched(options, 'hold')) {
    emit({ event: 'held' })
    process.stdin.resume()
    await once(process.stdin, 'end')
  }
  await producer.shutdown()
  emit({ event: 'done', count: planned.length })
}

function decisionOf(tag: string): LocalTransactionState {
  return tag.endsWith('rollback') ? 'ROLLBACK_MESSAGE' : 'COMMIT_MESSAGE'
}
