import {
  batchEntrySize,
  encodeProperties,
  type Message,
  messageProperties,
  Property,
} from '@rockhopper/message'

/** The broker's own limit (Apache: MessageStoreConfig.maxMessageSize). */
const BATCH_SIZE_MAX = 4 * 1024 * 1024
/** As long as every id that `createUniqueIdSource` makes. */
const ID = '0'.repeat(32)

/**
 * The messages in their order, in as few runs as are at most `sizeMax` bytes each as a batch (default 4 MiB,
 * the limit of `Producer` and of brokers): `send` each of them. A message that is larger by itself is alone,
 * and its send says so. Apache leaves this to the application (its example is called ListSplitter).
 */
export function splitBatch(messages: readonly Message[], sizeMax = BATCH_SIZE_MAX): Message[][] {
  const batches: Message[][] = []
  let left = 0
  for (const message of messages) {
    const size = sizeInBatch(message)
    const last = batches.at(-1)
    if (last === undefined || size > left) {
      batches.push([message])
      left = sizeMax - size
    } else {
      last.push(message)
      left -= size
    }
  }
  return batches
}

function sizeInBatch(message: Message): number {
  const properties = encodeProperties({ ...messageProperties(message), [Property.UNIQ_KEY]: ID })
  return batchEntrySize(Buffer.byteLength(message.body), properties.length)
}
