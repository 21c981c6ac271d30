import { setTimeout as sleep } from 'node:timers/promises'
import { Admin } from '@rockhopper/client'
import { QUEUES, TOPIC } from './cells.js'

/** A broker that was started just now on a busy machine answers late, or is not known yet. */
const GIVE_UP_MS = 60_000
const PAUSE_MS = 500

/** Makes the topic; resolves with the address of the broker that has it. Rejects after a minute of trying. */
export async function brokerWithTopic(
  namesrvAddr: string,
  topic: string = TOPIC,
  queues: number = QUEUES,
): Promise<string> {
  for (const giveUp = performance.now() + GIVE_UP_MS; ; await sleep(PAUSE_MS)) {
    try {
      return await make(namesrvAddr, topic, queues)
    } catch (error) {
      if (performance.now() > giveUp) throw error
    }
  }
}

async function make(namesrvAddr: string, topic: string, queues: number): Promise<string> {
  const admin = new Admin({ namesrvAddr })
  await admin.start()
  try {
    const { brokerAddrTable } = await admin.clusterInfo()
    const address = [...brokerAddrTable.values()][0]?.brokerAddrs.get(0)
    if (address === undefined) throw new Error(`no broker is registered at ${namesrvAddr}`)
    await admin.createTopic(topic, { queues })
    return address
  } finally {
    await admin.shutdown()
  }
}
