import { RocketMQSetupError } from './exceptions.js'

/** How a value becomes a body and back. Routing facts live in properties, so no envelope is needed. */
export interface BodyCodec {
  encode(value: unknown): Buffer
  /** @throws when the bytes are not in this form. */
  decode(body: Uint8Array): unknown
}

/** `json`: plain JSON (default). `text`: UTF-8. `bytes`: a Buffer. */
export type BodyCodecName = keyof typeof CODECS

const utf8 = new TextDecoder('utf-8', { fatal: true })

const CODECS = {
  json: {
    encode: (value) => asBytes(value) ?? Buffer.from(JSON.stringify(value) ?? ''),
    // An empty body is what Java clients send for "nothing"; JSON has no such text.
    decode: (body) => (body.length === 0 ? null : JSON.parse(utf8.decode(body))),
  },
  text: {
    encode: (value) => asBytes(value) ?? Buffer.from(String(value)),
    decode: (body) => utf8.decode(body),
  },
  bytes: {
    encode: (value) => {
      const bytes = asBytes(value)
      if (bytes === undefined) throw new TypeError("codec 'bytes' wants a Uint8Array")
      return bytes
    },
    decode: (body) => Buffer.from(body.buffer, body.byteOffset, body.byteLength),
  },
} as const satisfies Record<string, BodyCodec>

export const BODY_CODEC_NAMES = Object.keys(CODECS) as BodyCodecName[]

export function bodyCodec(name: BodyCodecName = 'json'): BodyCodec {
  const codec = Object.hasOwn(CODECS, name) ? CODECS[name] : undefined
  if (codec === undefined)
    throw new RocketMQSetupError(`codec '${name}' is none of ${BODY_CODEC_NAMES.join(', ')}`)
  return codec
}

/** Bytes go through every codec as they are. */
function asBytes(value: unknown): Buffer | undefined {
  if (Buffer.isBuffer(value)) return value
  if (value instanceof Uint8Array) return Buffer.from(value.buffer, value.byteOffset, value.byteLength)
  return undefined
}
