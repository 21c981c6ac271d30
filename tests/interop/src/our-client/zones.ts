import { once } from 'node:events'
import {
  type AllocateStrategy,
  AVG,
  allocateByConsistentHash,
  allocateByMachineRoom,
  allocateMachineRoomNearby,
  Producer,
  PushConsumer,
  selectByMachineRoom,
} from '@rockhopper/client'
import { emit } from './lines.js'
import { number, type Options, required, text } from './options.js'

const roomOf = (name: string): string => name.split('-')[0] ?? ''

const STRATEGIES: Readonly<Record<string, (room: string) => AllocateStrategy>> = {
  average: () => AVG,
  nearby: () =>
    allocateMachineRoomNearby({
      brokerDeployIn: ({ brokerName }) => brokerName.split('@')[0] ?? '',
      consumerDeployIn: (clientId) => roomOf(clientId.split('@')[1] ?? ''),
    }),
  hash: () => allocateByConsistentHash(),
  room: (room) => allocateByMachineRoom([room]),
}

/** What Zones.java does. With --zone it uses only brokers of that zone. */
export async function zones(options: Options): Promise<void> {
  const [topic, instanceName] = [required(options, 'topic'), required(options, 'room')]
  const zone = text(options, 'zone', '')
  const client = {
    namesrvAddr: required(options, 'nameserver'),
    instanceName,
    ...(zone === '' ? {} : { zoneName: zone }),
  }
  const group = required(options, 'group')
  const count = number(options, 'send', 0)
  if (count > 0) {
    const producer = new Producer({ ...client, producerGroup: group })
    await producer.start()
    const selector = selectByMachineRoom([roomOf(instanceName)])
    for (let i = 0; i < count; i++) {
      const { queue } = await producer.send({ topic, body: 'near' }, { selector })
      emit({ event: 'sent', queue: `${queue.brokerName} ${queue.queueId}` })
    }
    await producer.shutdown()
    return
  }
  const held = new Set<string>()
  const consumer = new PushConsumer({
    ...client,
    consumerGroup: group,
    rebalanceIntervalMs: 1_000,
    allocateStrategy: STRATEGIES[required(options, 'allocate')]?.(roomOf(instanceName)) ?? AVG,
    hooks: [
      {
        beforeRebalance: (change) => {
          if (change.topic !== topic) return
          for (const queue of change.releasing) held.delete(`${queue.brokerName} ${queue.queueId}`)
          for (const queue of change.taking) held.add(`${queue.brokerName} ${queue.queueId}`)
          emit({ event: 'queues', queues: [...held].sort().join(',') })
        },
      },
    ],
  })
  consumer.subscribe(topic)
  await consumer.start(() => 'CONSUME_SUCCESS')
  process.stdin.resume()
  await once(process.stdin, 'data')
  await consumer.shutdown()
}
