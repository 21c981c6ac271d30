import type { Broker } from '@rockhopper/broker'
import type { Env } from '@rockhopper/env'
import { answersOf, type Told } from './broker-workload.js'
import { contentOfRecord, placeOf } from './contents.js'
import { audit } from './store-audit.js'

/** Written by the broker itself. */
const SYSTEM_TOPICS = /^(SCHEDULE_TOPIC_XXXX|TBW102|RMQ_SYS_|OFFSET_MOVED_EVENT|rmq_sys_)/

export interface RestartCheck {
  /** The broker that was started on what the earlier one left. */
  readonly broker: Broker
  readonly told: Told
  /** Bytes of log that retention keeps at least; undefined when it removes nothing. */
  readonly kept?: number
  readonly client: Pick<Env, 'net' | 'clock' | 'random' | 'log'>
}

/** What is wrong with what a broker found at its start, one sentence each. */
export async function wrongAfterRestart({ broker, told, kept, client }: RestartCheck): Promise<string[]> {
  const { delivered, log, differences } = await audit(broker.store)
  const wrong = [...differences]
  const found = new Map<string, string>()
  for (const record of delivered) {
    if (SYSTEM_TOPICS.test(record.topic)) continue
    found.set(placeOf(record.topic, record.queueId, record.queueOffset), contentOfRecord(record))
  }
  if (delivered.length !== log.length) wrong.push(`${delivered.length} delivered, ${log.length} in the log`)
  const { lost, ...others } = told.ledger.judge(found)
  for (const [kind, places] of Object.entries(others))
    for (const place of places) wrong.push(`${kind}: ${place}`)
  const { minPhysicalOffset, maxPhysicalOffset } = broker.store
  const mayGo = kept === undefined ? 0 : Math.max(0, maxPhysicalOffset - kept)
  if (minPhysicalOffset > mayGo) wrong.push(`the log begins at ${minPhysicalOffset}, not at ${mayGo} at most`)
  for (const place of lost)
    if ((told.physicalOffsets.get(place) ?? 0) >= minPhysicalOffset) wrong.push(`lost: ${place}`)
  const answers = await answersOf(client, broker.address, told.topics)
  for (const topic of answers.missingTopics) wrong.push(`topic ${topic} is gone`)
  for (const [key, offset] of answers.offsets)
    if (!(told.offsets.get(key) ?? []).includes(offset)) wrong.push(`${key} has offset ${offset}, never sent`)
  return wrong
}
