import { hostname, networkInterfaces, tmpdir } from 'node:os'
import type { RecordedFrame } from './frame-relay.js'
import type { GoldenFile, GoldenFrame } from './golden-file.js'
import { headerBytes, jsonHeader, serializeType } from './wire.js'

/** Commands worth a golden file, by code. */
const NAMES: Readonly<Record<number, string>> = {
  10: 'send-message',
  11: 'pull-message',
  12: 'query-message',
  14: 'query-consumer-offset',
  15: 'update-consumer-offset',
  17: 'update-and-create-topic',
  28: 'get-broker-runtime-info',
  29: 'search-offset-by-timestamp',
  30: 'get-max-offset',
  31: 'get-min-offset',
  32: 'get-earliest-msg-storetime',
  33: 'view-message-by-id',
  34: 'heart-beat',
  35: 'unregister-client',
  36: 'consumer-send-msg-back',
  37: 'end-transaction',
  38: 'get-consumer-list-by-group',
  40: 'notify-consumer-ids-changed',
  41: 'lock-batch-mq',
  42: 'unlock-batch-mq',
  103: 'register-broker',
  104: 'unregister-broker',
  105: 'get-routeinfo-by-topic',
  106: 'get-broker-cluster-info',
  200: 'update-and-create-subscriptiongroup',
  202: 'get-topic-stats-info',
  203: 'get-consumer-connection-list',
  206: 'get-all-topic-list-from-nameserver',
  208: 'get-consume-stats',
  310: 'send-message-v2',
  320: 'send-batch-message',
  322: 'query-data-version',
  325: 'send-reply-message-v2',
  326: 'push-reply-message-to-client',
}
const RESPONSE_FLAG = 1
const FRAME_SIZE_MAX = 32_768

export interface Capture {
  /** File names begin with it. */
  readonly label: string
  readonly forth: string
  readonly back: string
  readonly parties: string
  readonly frames: readonly RecordedFrame[]
}

/**
 * The first exchange of every command, plus later ones whose answer has another code (found, not found, …).
 */
export function goldenFilesOf(capture: Capture, command: string): GoldenFile[] {
  const files = new Map<string, GoldenFrame[]>()
  for (const frame of capture.frames) {
    const head = headOf(frame.bytes)
    const command = NAMES[head.code]
    if (head.response || command === undefined || unsuitable(frame.bytes)) continue
    const answer = capture.frames.find(
      (other) =>
        other.connection === frame.connection &&
        other.direction !== frame.direction &&
        answers(other, head.opaque),
    )
    if (answer !== undefined && unsuitable(answer.bytes)) continue
    const outcome = answer === undefined ? '' : codeSuffix(headOf(answer.bytes).code)
    const name = `${capture.label}-${command}${outcome}`
    if (files.has(name)) continue
    const exchange = answer === undefined ? [frame] : [frame, answer]
    files.set(
      name,
      exchange.map((each) => goldenFrame(each, capture)),
    )
  }
  return [...files].map(([name, frames]) => ({ name, parties: capture.parties, command, frames }))
}

function codeSuffix(code: number): string {
  return code === 0 ? '' : `-answered-${code}`
}

function answers(frame: RecordedFrame, opaque: number): boolean {
  const head = headOf(frame.bytes)
  return head.response && head.opaque === opaque
}

function goldenFrame(frame: RecordedFrame, capture: Capture): GoldenFrame {
  const head = headOf(frame.bytes)
  return {
    direction:
      frame.direction === 'forth'
        ? `${capture.forth} to ${capture.back}`
        : `${capture.back} to ${capture.forth}`,
    kind: head.response ? 'response' : 'request',
    serializeType: serializeType(frame.bytes) === 0 ? 'JSON' : 'ROCKETMQ',
    code: head.code,
    hex: scrubbed(frame.bytes).toString('hex'),
  }
}

function headOf(frame: Buffer): { code: number; opaque: number; response: boolean } {
  if (serializeType(frame) === 0) {
    const { code, opaque, flag } = jsonHeader(frame)
    return { code, opaque, response: (flag & RESPONSE_FLAG) !== 0 }
  }
  // i16 code, u8 language, i16 version, i32 opaque, i32 flag (RocketMQSerializable).
  const header = headerBytes(frame)
  return {
    code: header.readInt16BE(0),
    opaque: header.readInt32BE(5),
    response: (header.readInt32BE(9) & RESPONSE_FLAG) !== 0,
  }
}

/** Unique ids begin with the sender's address in hex; the loopback address has the same width. */
function scrubbed(frame: Buffer): Buffer {
  let text = frame.toString('latin1')
  for (const address of machineAddresses()) text = text.replaceAll(hexOf(address), hexOf('127.0.0.1'))
  return Buffer.from(text, 'latin1')
}

/** Frames that name this machine or a directory of it, or are too big to read. */
function unsuitable(frame: Buffer): boolean {
  const text = frame.toString('latin1')
  const names = [hostname(), tmpdir(), ...machineAddresses()]
  return frame.length > FRAME_SIZE_MAX || names.some((name) => text.includes(name))
}

function machineAddresses(): string[] {
  const interfaces = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? [])
  return interfaces
    .filter(({ family, internal }) => family === 'IPv4' && !internal)
    .map(({ address }) => address)
}

function hexOf(address: string): string {
  return address
    .split('.')
    .map((part) => Number(part).toString(16).padStart(2, '0'))
    .join('')
    .toUpperCase()
}
