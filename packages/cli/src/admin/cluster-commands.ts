import { isUtf8 } from 'node:buffer'
import { hostText } from '@rockhopper/message'
import { textTable } from '../text-table.js'
import { type AdminCommand, byBrokerName, timeText } from './admin-command.js'

const clusterList: AdminCommand = {
  name: 'clusterList',
  description: 'Clusters and their brokers.',
  example: 'clusterList',
  options: [],
  async run(admin) {
    const { brokerAddrTable } = await admin.clusterInfo()
    const rows = [...brokerAddrTable.values()]
      .sort(byBrokerName)
      .flatMap(({ cluster, brokerName, brokerAddrs }) =>
        [...brokerAddrs].map(([brokerId, address]) => ({
          clusterName: cluster,
          brokerName,
          brokerId,
          address,
        })),
      )
    const table = textTable(['Cluster Name', 'Broker Name', 'BID', 'Addr'], rows.map(Object.values))
    return { json: rows, text: table }
  },
}

const queryMsgById: AdminCommand = {
  name: 'queryMsgById',
  description: 'A message by its offset message id.',
  example: 'queryMsgById -i 7F00000100002A9F0000000000001000',
  options: [
    { flags: '-i, --msgId <id>', description: 'offset message id: 32 or 56 hex digits', required: true },
    { flags: '-t, --topic <topic>', description: 'taken as mqadmin takes it; the id alone decides' },
  ],
  async run(admin, options) {
    const message = await admin.viewMessage(options['msgId'] as string)
    const json = {
      offsetMessageId: message.offsetMessageId,
      messageId: message.messageId,
      topic: message.topic,
      tag: message.tag,
      keys: message.keys,
      queueId: message.queueId,
      queueOffset: message.queueOffset,
      physicalOffset: message.physicalOffset,
      reconsumeTimes: message.reconsumeTimes,
      bornTime: timeText(message.bornTimestamp),
      bornHost: hostText(message.bornHost),
      storeTime: timeText(message.storeTimestamp),
      storeHost: hostText(message.storeHost),
      properties: { ...message.properties },
      ...(isUtf8(message.body)
        ? { body: message.body.toString() }
        : { bodyBase64: message.body.toString('base64') }),
    }
    const lines = Object.entries(json).map(([name, value]) => [name, valueText(value)])
    return { json, text: textTable(['Field', 'Value'], lines) }
  },
}

const valueText = (value: unknown): unknown => (typeof value === 'object' ? JSON.stringify(value) : value)

export const CLUSTER_COMMANDS = [clusterList, queryMsgById]
