import { textTable } from '../text-table.js'
import { type AdminCommand, byBrokerName, TARGET, TOPIC, targetOf, timeText } from './admin-command.js'
import { flag, given, integer } from './option-values.js'

const QUEUES_MAX = 1024

const topicList: AdminCommand = {
  name: 'topicList',
  description: 'Names of all topics.',
  example: 'topicList',
  options: [],
  async run(admin) {
    const topics = [...(await admin.topicList())].sort()
    return { json: topics, text: topics.map((topic) => `${topic}\n`).join('') }
  },
}

const updateTopic: AdminCommand = {
  name: 'updateTopic',
  description: 'Make a topic, or change one.',
  example: 'updateTopic -c DefaultCluster -t orders -r 8 -w 8',
  options: [
    TOPIC,
    ...TARGET,
    {
      flags: '-r, --readQueueNums <count>',
      description: 'queues that consumers see on each broker (default: 8)',
    },
    {
      flags: '-w, --writeQueueNums <count>',
      description: 'queues that producers see on each broker (default: 8)',
    },
    { flags: '-p, --perm <bits>', description: '2 write, 4 read, 6 both (default: 6)' },
    { flags: '-o, --order <true|false>', description: 'order topic (default: false)' },
  ],
  async run(admin, options) {
    const topic = options['topic'] as string
    const settings = given({
      readQueueNums: integer(options, 'readQueueNums', 1, QUEUES_MAX),
      writeQueueNums: integer(options, 'writeQueueNums', 1, QUEUES_MAX),
      perm: integer(options, 'perm', 0, 7),
      order: flag(options, 'order'),
    })
    const config = await admin.createTopic(topic, { ...targetOf(options), ...settings })
    const { readQueueNums, writeQueueNums, perm, order } = config
    const json = { topic, readQueueNums, writeQueueNums, perm, order }
    return {
      json,
      text: `Topic ${topic} has ${readQueueNums} read and ${writeQueueNums} write queues per broker.\n`,
    }
  },
}

const deleteTopic: AdminCommand = {
  name: 'deleteTopic',
  description: 'Remove a topic with its messages from brokers and name servers.',
  example: 'deleteTopic -c DefaultCluster -t orders',
  options: [TOPIC, ...TARGET],
  async run(admin, options) {
    const topic = options['topic'] as string
    await admin.deleteTopic(topic, targetOf(options))
    return { json: { topic, deleted: true }, text: `Topic ${topic} was deleted.\n` }
  },
}

const topicRoute: AdminCommand = {
  name: 'topicRoute',
  description: 'Brokers that serve a topic.',
  example: 'topicRoute -t orders',
  options: [TOPIC],
  async run(admin, options) {
    const { brokerDatas, queueDatas } = await admin.topicRoute(options['topic'] as string)
    const rows = [...queueDatas]
      .sort(byBrokerName)
      .map(({ brokerName, readQueueNums, writeQueueNums, perm }) => {
        const broker = brokerDatas.find((row) => row.brokerName === brokerName)
        const brokerAddrs = Object.fromEntries(broker?.brokerAddrs ?? [])
        return {
          cluster: broker?.cluster ?? '',
          brokerName,
          brokerAddrs,
          readQueueNums,
          writeQueueNums,
          perm,
        }
      })
    const text = textTable(
      ['Cluster Name', 'Broker Name', 'Addrs', 'Read Queues', 'Write Queues', 'Perm'],
      rows.map((row) => [
        row.cluster,
        row.brokerName,
        Object.entries(row.brokerAddrs)
          .map(([id, address]) => `${id}=${address}`)
          .join(' '),
        row.readQueueNums,
        row.writeQueueNums,
        row.perm,
      ]),
    )
    return { json: rows, text }
  },
}

const topicStatus: AdminCommand = {
  name: 'topicStatus',
  description: 'Offsets of the queues of a topic.',
  example: 'topicStatus -t orders',
  options: [TOPIC],
  async run(admin, options) {
    const { offsetTable } = await admin.topicStats(options['topic'] as string)
    const rows = offsetTable.map(
      ([{ brokerName, queueId }, { minOffset, maxOffset, lastUpdateTimestamp }]) => {
        return { brokerName, queueId, minOffset, maxOffset, lastUpdateTimestamp }
      },
    )
    const text = textTable(
      ['Broker Name', 'QID', 'Min Offset', 'Max Offset', 'Last Updated'],
      rows.map((row) => [...Object.values(row).slice(0, 4), timeText(row.lastUpdateTimestamp)]),
    )
    return { json: rows, text }
  },
}

export const TOPIC_COMMANDS = [topicList, updateTopic, deleteTopic, topicRoute, topicStatus]
