import type { Broker } from '@rockhopper/broker'
import type { Env } from '@rockhopper/env'
import { committedOffsets, type Told } from './broker-workload.js'
import { contentOfRecord, placeOf } from './contents.js'
import { audit } from './store-audit.js'

/** Written by the broker itself. */
const SYSTEM_TOPICS = /^(SCHEDULE_TOPIC_XXXX|TBW102|RMQ_SYS_|OFFSET_MOVED_EVENT|rmq_sys_)/

export interface RestartCheck {
  /** The broker that was started on what the earlier one left. */
  readonly broker: Broker
  readonly told: Told
  readonly client: Pick<Env, 'net' | 'clock' | 'random' | 'log'>
}

/** What is wrong with what a broker found at its start, one sentence each. */
export async function wrongAfterRestart({ broker, told, client }: RestartCheck): Promise<string[]> {
  const { delivered, log, differences } = await audit(broker.store)
  const wrong = [...differences]
  const found = new Map<string, string>()
  for (const record of delivered) {
    if (SYSTEM_TOPICS.test(record.topic)) continue
    found.set(placeOf(record.topic, record.queueId, record.queueOffset), contentOfRecord(record))
  }
  if (delivered.length !== log.length) wrong.push(`${delivered.length} delivered, ${log.length} in the log`)
  for (const [kind, places] of Object.entries(told.ledger.judge(found)))
    for (const place of places) wrong.push(`${kind}: ${place}`)
  const topics = broker.store.topics()
  for (const place of told.ledger.acknowledged.keys())
    if (!topics.has(place.split('/')[0] as string)) wrong.push(`the topic of ${place} is gone`)
  for (const [key, offset] of await committedOffsets(client, broker.address))
    if (!(told.offsets.get(key) ?? []).includes(offset)) wrong.push(`${key} has offset ${offset}, never sent`)
  return wrong
}
