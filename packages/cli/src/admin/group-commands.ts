import { textTable } from '../text-table.js'
import { type AdminCommand, GROUP, TARGET, targetOf, timeText } from './admin-command.js'
import { flag, given, integer } from './option-values.js'

const TRUE_FALSE = '<true|false>'

const updateSubGroup: AdminCommand = {
  name: 'updateSubGroup',
  description: 'Make a consumer group, or change one. What is not given gets its default.',
  example: 'updateSubGroup -c DefaultCluster -g shop -r 5',
  options: [
    GROUP,
    ...TARGET,
    { flags: `-s, --consumeEnable ${TRUE_FALSE}`, description: 'the group may consume (default: true)' },
    {
      flags: `-m, --consumeFromMinEnable ${TRUE_FALSE}`,
      description: 'it may begin at the oldest (default: true)',
    },
    { flags: `-d, --consumeBroadcastEnable ${TRUE_FALSE}`, description: 'it may broadcast (default: true)' },
    { flags: '-q, --retryQueueNums <count>', description: 'queues of its retry topic (default: 1)' },
    {
      flags: '-r, --retryMaxTimes <count>',
      description: 'retries before the dead-letter queue (default: 16)',
    },
    {
      flags: `-a, --notifyConsumerIdsChanged ${TRUE_FALSE}`,
      description: 'tell members of changes (default: true)',
    },
  ],
  async run(admin, options) {
    const settings = {
      groupName: options['groupName'] as string,
      ...given({
        consumeEnable: flag(options, 'consumeEnable'),
        consumeFromMinEnable: flag(options, 'consumeFromMinEnable'),
        consumeBroadcastEnable: flag(options, 'consumeBroadcastEnable'),
        retryQueueNums: integer(options, 'retryQueueNums', 0, 1024),
        retryMaxTimes: integer(options, 'retryMaxTimes', -1, 2 ** 31 - 1),
        notifyConsumerIdsChangedEnable: flag(options, 'notifyConsumerIdsChanged'),
      }),
    }
    await admin.updateSubscriptionGroup(settings, targetOf(options))
    return { json: settings, text: `Group ${settings.groupName} is set.\n` }
  },
}

const consumerProgress: AdminCommand = {
  name: 'consumerProgress',
  description: 'How far a consumer group is in each queue.',
  example: 'consumerProgress -g shop',
  options: [GROUP, { flags: '-t, --topic <topic>', description: 'only this topic' }],
  async run(admin, options) {
    const { offsetTable, consumeTps } = await admin.consumerProgress(
      options['groupName'] as string,
      options['topic'],
    )
    const queues = offsetTable.map(([{ topic, brokerName, queueId }, row]) => {
      const { brokerOffset, consumerOffset, lastTimestamp } = row
      const diff = brokerOffset - consumerOffset
      return { topic, brokerName, queueId, brokerOffset, consumerOffset, diff, lastTimestamp }
    })
    const diffTotal = queues.reduce((sum, { diff }) => sum + diff, 0)
    const table = textTable(
      ['Topic', 'Broker Name', 'QID', 'Broker Offset', 'Consumer Offset', 'Diff', 'LastTime'],
      queues.map((row) => [...Object.values(row).slice(0, 6), timeText(row.lastTimestamp)]),
    )
    return { json: { queues, diffTotal, consumeTps }, text: `${table}\nDiff Total: ${diffTotal}\n` }
  },
}

export const GROUP_COMMANDS = [updateSubGroup, consumerProgress]
