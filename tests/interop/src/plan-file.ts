import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Planned } from './plan.js'
import { tempDir } from './temp.js'

// One message a line, columns separated by tabs, "" for "not set": topic, tag, keys, sharding key, delay
// level or `@` and the time to deliver it in ms, base64 body, then base64 property names and values.
// Plan.java reads the same, plan.go all but times: its client has none.

export function writePlan(messages: readonly Planned[]): string {
  const file = join(tempDir('plan'), 'plan.tsv')
  const rows = messages.map((message) =>
    [
      message.topic,
      message.tag ?? '',
      message.keys ?? '',
      message.shardingKey ?? '',
      delayOf(message),
      message.body.toString('base64'),
      ...Object.entries(message.properties ?? {}).flatMap(([name, value]) => [base64(name), base64(value)]),
    ].join('\t'),
  )
  writeFileSync(file, `${rows.join('\n')}\n`)
  return file
}

export function readPlan(file: string): Planned[] {
  const rows = readFileSync(file, 'utf8')
    .split('\n')
    .filter((row) => row !== '')
  return rows.map((row) => {
    const [topic = '', tag, keys, shardingKey, delay, body = '', ...properties] = row.split('\t')
    return {
      topic,
      body: Buffer.from(body, 'base64'),
      ...(tag ? { tag } : {}),
      ...(keys ? { keys } : {}),
      ...(shardingKey ? { shardingKey } : {}),
      ...delayFrom(delay),
      properties: Object.fromEntries(
        properties.flatMap((name, i) => (i % 2 === 0 ? [[text(name), text(properties[i + 1] ?? '')]] : [])),
      ),
    }
  })
}

function delayOf({ delayLevel, deliverTimeMs }: Planned): string {
  if (deliverTimeMs !== undefined) return `@${deliverTimeMs}`
  return delayLevel === undefined ? '' : String(delayLevel)
}

function delayFrom(text: string | undefined): Pick<Planned, 'delayLevel' | 'deliverTimeMs'> {
  if (!text) return {}
  return text.startsWith('@') ? { deliverTimeMs: Number(text.slice(1)) } : { delayLevel: Number(text) }
}

const base64 = (value: string) => Buffer.from(value, 'utf8').toString('base64')
const text = (encoded: string) => Buffer.from(encoded, 'base64').toString('utf8')
