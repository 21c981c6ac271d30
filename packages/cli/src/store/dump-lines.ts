import type { MessageExt } from '@rockhopper/message'
import { bodyCrc } from '@rockhopper/message'
import type { DumpedIndexEntry, DumpedUnit } from '@rockhopper/store/inspect'
import { timeText } from '../admin/admin-command.js'

export type BodyForm = 'text' | 'hex' | 'none'

/** One record as one line: JSON, or words a person can read and cut apart by tabs. */
export function recordLine(message: MessageExt, json: boolean, body: BodyForm): string {
  const { body: bytes, ...head } = message
  if (json) {
    const shown = body === 'none' ? {} : { body: bytes.toString(body === 'hex' ? 'hex' : 'utf8') }
    return JSON.stringify({ ...head, bodySize: bytes.length, bodyCrcIsRight: isRight(message), ...shown })
  }
  const { physicalOffset, storeSize, topic, queueId, queueOffset, storeTimestamp, bornHost, properties } =
    message
  const cells = [
    physicalOffset,
    `${storeSize}B`,
    timeText(storeTimestamp),
    `${topic}/${queueId}@${queueOffset}`,
    `from=${bornHost.address}:${bornHost.port}`,
    JSON.stringify(properties),
    `body=${bytes.length}B`,
  ]
  if (body === 'hex') cells.push(bytes.toString('hex'))
  if (body === 'text') cells.push(JSON.stringify(bytes.toString('utf8')))
  return cells.join('\t')
}

/** One queue entry as one line. */
export function unitLine(unit: DumpedUnit, json: boolean): string {
  if (json) return JSON.stringify(unit)
  const { queueOffset, physicalOffset, size, tagsCode, filler } = unit
  return filler
    ? `${queueOffset}\tfiller`
    : `${queueOffset}\t${physicalOffset}\t${size}B\ttagsCode=${tagsCode}`
}

/** One index entry as one line. */
export function indexLine(entry: DumpedIndexEntry, json: boolean): string {
  if (json) return JSON.stringify(entry)
  const { file, number, hash, physicalOffset, storeTimestamp, previous } = entry
  const time = timeText(storeTimestamp)
  return `${file}\t${number}\thash=${hash}\t${physicalOffset}\t${time}\tprevious=${previous}`
}

function isRight({ body, bodyCrc: stored }: MessageExt): boolean {
  return body.length === 0 || bodyCrc(body) === stored
}
