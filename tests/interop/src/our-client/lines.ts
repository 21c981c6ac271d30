import { isUtf8 } from 'node:buffer'
import { createHash } from 'node:crypto'
import type { MessageView } from '@rockhopper/client'
import type { Line } from '../program.js'

const TEXT_MAX = 256

export function emit(line: Line): void {
  process.stdout.write(`${JSON.stringify(line)}\n`)
}

/** The same line that Received.java and lines.go print. */
export function emitReceived(message: MessageView): void {
  const { body } = message
  emit({
    event: 'received',
    topic: message.topic,
    bodySize: body.length,
    bodySha1: createHash('sha1').update(body).digest('hex'),
    text: body.length <= TEXT_MAX && isUtf8(body) ? body.toString('utf8') : null,
    tags: message.tag ?? null,
    keys: message.properties['KEYS'] ?? null,
    properties: message.properties,
    brokerName: message.brokerName,
    queueId: message.queueId,
    queueOffset: message.queueOffset,
    physicalOffset: message.physicalOffset,
    msgId: message.messageId,
    sysFlag: message.sysFlag,
    flag: message.flag,
    bornTimestamp: message.bornTimestamp,
    bornHost: message.bornHost.address,
    reconsumeTimes: message.reconsumeTimes,
  })
}
