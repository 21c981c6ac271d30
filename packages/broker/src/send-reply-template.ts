import { offsetMessageId } from '@rockhopper/message'
import { encodeFrame, FRAME_PREFIX_SIZE, SerializeType } from '@rockhopper/remoting'
import type { BrokerParts } from './parts.js'

/** Stand-ins that occur nowhere else in a reply; they come in the order in which the encoder wrote them. */
const OPAQUE = 1_912_837_465
const MARKS = ['@msgId@', '@queueId@', '@queueOffset@', '@transactionId@', String(OPAQUE)] as const
type Mark = (typeof MARKS)[number]

/**
 * The frame of a successful send as text between holes. Cut out of what the general encoder makes of a
 * reply, so both entries answer with the same bytes.
 */
export class SendReplyTemplate {
  readonly #idPrefix: string
  readonly #pieces: string[] = []
  readonly #holes: Mark[] = []

  constructor({ config, storeHost }: Pick<BrokerParts, 'config' | 'storeHost'>) {
    this.#idPrefix = offsetMessageId(storeHost, 0).slice(0, -16)
    const frame = encodeFrame({
      code: 0,
      flag: 1,
      opaque: OPAQUE,
      version: 0,
      language: 'JAVA',
      extFields: {
        msgId: '@msgId@',
        queueId: '@queueId@',
        queueOffset: '@queueOffset@',
        transactionId: '@transactionId@',
        MSG_REGION: config.regionId,
        TRACE_ON: String(config.traceOn),
      },
      serializeType: SerializeType.JSON,
    })
    let text = frame.toString('utf8', FRAME_PREFIX_SIZE)
    for (let next = firstMark(text); next !== undefined; next = firstMark(text)) {
      this.#pieces.push(text.slice(0, next.at))
      this.#holes.push(next.mark)
      text = text.slice(next.at + next.mark.length)
    }
    this.#pieces.push(text)
  }

  messageId(physicalOffset: number): string {
    return this.#idPrefix + physicalOffset.toString(16).toUpperCase().padStart(16, '0')
  }

  /** `transactionId` is printable ASCII without quote and backslash. */
  frame(
    opaque: number,
    messageId: string,
    queueId: number,
    queueOffset: number,
    transactionId: string,
  ): Buffer {
    let text = this.#pieces[0] as string
    for (let i = 0; i < this.#holes.length; i++) {
      switch (this.#holes[i] as Mark) {
        case '@msgId@':
          text += messageId
          break
        case '@queueId@':
          text += queueId
          break
        case '@queueOffset@':
          text += queueOffset
          break
        case '@transactionId@':
          text += transactionId
          break
        default:
          text += opaque
      }
      text += this.#pieces[i + 1]
    }
    return framed(text)
  }
}

function firstMark(text: string): { at: number; mark: Mark } | undefined {
  const found = MARKS.map((mark) => ({ at: text.indexOf(mark), mark })).filter(({ at }) => at >= 0)
  return found.sort((a, b) => a.at - b.at)[0]
}

/**
 * Length word and header word before the text. A region name may hold any character, so sizes are counted
 * in bytes.
 */
function framed(text: string): Buffer {
  const size = Buffer.byteLength(text)
  const frame = Buffer.allocUnsafe(FRAME_PREFIX_SIZE + size)
  frame.writeInt32BE(4 + size, 0)
  frame.writeInt32BE(size, 4)
  frame.write(text, FRAME_PREFIX_SIZE)
  return frame
}
