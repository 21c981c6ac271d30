import { createInterface } from 'node:readline'
import { type PoppedMessage, SimpleConsumer } from '@rockhopper/client'
import { emit, emitReceived } from './lines.js'
import { number, type Options, required } from './options.js'

/** What PopCalls.java does, with our simple consumer. */
export async function pop(options: Options): Promise<void> {
  const topic = required(options, 'topic')
  const consumer = new SimpleConsumer({
    namesrvAddr: required(options, 'nameserver'),
    consumerGroup: required(options, 'group'),
    invisibleTimeMs: number(options, 'invisible-ms', 10_000),
    waitMs: number(options, 'wait-ms', 2_000),
  })
  await consumer.start()
  const popped = new Map<string, PoppedMessage>()
  const messageOf = (key = ''): PoppedMessage => {
    const message = popped.get(key)
    if (message === undefined) throw new Error(`nothing popped with key ${key}`)
    return message
  }
  const commands: Readonly<Record<string, (words: readonly string[]) => Promise<unknown>>> = {
    async receive() {
      for (const message of await consumer.receive(topic, { countMax: number(options, 'max-nums', 32) })) {
        emitReceived(message)
        popped.set(message.keys[0] ?? '', message)
      }
    },
    async ack(keys) {
      for (const key of keys) await consumer.ack(messageOf(key))
    },
    ackAll: (keys) => consumer.ackAll(keys.map(messageOf)),
    later: ([key, ms]) => consumer.changeInvisibleTime(messageOf(key), Number(ms)),
  }
  emit({ event: 'ready' })
  for await (const line of createInterface({ input: process.stdin })) {
    const [name = '', ...words] = line.split(' ')
    const command = commands[name]
    if (command === undefined) throw new Error(`unknown command ${name}`)
    await command(words)
    emit({ event: 'ok', command: line })
  }
  await consumer.shutdown()
}
