import { expect } from '@jest/globals'
import { Admin } from '@rockhopper/client'
import { goClient } from '../clients.js'
import type { Cluster } from '../cluster.js'
import { eventually } from '../eventually.js'
import type { Side } from '../matrix/features.js'
import { mqadmin } from '../mqadmin.js'
import { assortedMessages } from '../plan.js'
import { withPrograms } from '../program.js'
import type { SentLine } from '../received.js'
import { createTopic } from '../topics.js'

const TIMEOUT_MS = 30_000

/** A message is found by its offset id, by its message id and by one of its keys. */
export async function query(cluster: Cluster, side: Side): Promise<void> {
  const { nameserver } = cluster
  const topic = `queried-${side}`
  await createTopic(cluster, topic)
  await withPrograms(async (programs) => {
    const messages = assortedMessages(topic, 6, 'queried')
    const producer = await goClient.produce({ nameserver, group: 'queried-producers', messages })
    programs.push(producer)
    await producer.succeeded()
    // Message 5 has two keys.
    const sent = producer.of('sent')[5] as SentLine
    const found =
      side === 'ours' ? await byOurs(nameserver, topic, sent) : await byMqadmin(nameserver, topic, sent)
    expect(found).toEqual({ byOffset: sent.msgId, byId: [sent.msgId], byKey: [sent.msgId] })
  })
}

async function byOurs(namesrvAddr: string, topic: string, { msgId, offsetMsgId }: SentLine) {
  const admin = new Admin({ namesrvAddr })
  await admin.start()
  try {
    const ids = async (key: string, unique: boolean) =>
      eventually(`messages of ${key}`, TIMEOUT_MS, async () => {
        const views = await admin.queryMessages(topic, key, { unique })
        return views.length > 0 ? views.map(({ messageId }) => messageId) : undefined
      })
    const byOffset = (await admin.viewMessage(offsetMsgId)).messageId
    return { byOffset, byId: await ids(msgId, true), byKey: await ids('extra-5', false) }
  } finally {
    await admin.shutdown()
  }
}

async function byMqadmin(
  nameserver: string,
  topic: string,
  { msgId, offsetMsgId, queueId, queueOffset }: SentLine,
) {
  const asked = (...args: string[]) =>
    eventually(args.join(' '), TIMEOUT_MS, async () => {
      const text = await mqadmin(nameserver, [...args, '-t', topic])
      return text.includes(msgId) ? text : undefined
    })
  await asked('queryMsgById', '-i', offsetMsgId)
  const byId = await asked('queryMsgByUniqueKey', '-i', msgId)
  expect(byId).toMatch(new RegExp(`Queue ID:\\s+${queueId}\\s[\\s\\S]*Queue Offset:\\s+${queueOffset}\\s`))
  // #Message ID  #QID  #Offset
  const rows = (await asked('queryMsgByKey', '-k', 'extra-5'))
    .split('\n')
    .filter((row) => row.includes(msgId))
  expect(rows.map((row) => row.trim().split(/\s+/).slice(0, 3))).toEqual([
    [msgId, String(queueId), String(queueOffset)],
  ])
  return { byOffset: msgId, byId: [msgId], byKey: [msgId] }
}
