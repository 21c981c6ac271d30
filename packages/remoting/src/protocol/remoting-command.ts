/**
 * One frame, decoded the general way (Apache: RemotingCommand). Strings and body are owned by the command:
 * nothing points into the read arena.
 */
export interface RemotingCommand {
  /** Request code, or response code in a response. i32. */
  readonly code: number
  /** Bit set: 1 response, 2 one-way (remoting.md section 5.1). */
  readonly flag: number
  /** Correlation id chosen by the requester, i32. */
  readonly opaque: number
  /** Ordinal of the peer's MQVersion; 0 in responses of the Java server. */
  readonly version: number
  /** Undefined for a language this table does not know. */
  readonly language: Language | undefined
  readonly remark?: string | undefined
  /** No prototype: the keys come from the wire. */
  readonly extFields?: ExtFields | undefined
  /** Undefined when empty. */
  readonly body?: Buffer | undefined
  readonly serializeType: SerializeType
}

export type ExtFields = Readonly<Record<string, string>>

/** First byte of the header word: how the header, not the body, is written. */
export const SerializeType = { JSON: 0, ROCKETMQ: 1 } as const
export type SerializeType = (typeof SerializeType)[keyof typeof SerializeType]

/** remoting.md section 5.1. Test RESPONSE first: it decides what `opaque` refers to. */
export const Flag = { RESPONSE: 1, ONEWAY: 2 } as const

/** remoting.md section 5.3 (Apache: LanguageCode). The index is the code of the binary header. */
export const LANGUAGES = [
  'JAVA',
  'CPP',
  'DOTNET',
  'PYTHON',
  'DELPHI',
  'ERLANG',
  'RUBY',
  'OTHER',
  'HTTP',
  'GO',
  'PHP',
  'OMS',
  'RUST',
  'NODE_JS',
] as const
export type Language = (typeof LANGUAGES)[number]

/** Ordinals of Apache's MQVersion that decide behaviour (remoting.md section 5.4). */
export const Version = {
  V3_0_11: 37,
  V4_9_3: 399,
  V4_9_4: 401,
  V5_0_0: 413,
  V5_3_1: 475,
  V5_3_3: 479,
} as const

/** What this implementation reports: from V4_9_4 on name servers answer routes in standard JSON. */
export const CURRENT_VERSION = Version.V5_3_3

export function isResponse(flag: number): boolean {
  return (flag & Flag.RESPONSE) !== 0
}

export function isOneway(flag: number): boolean {
  return (flag & (Flag.ONEWAY | Flag.RESPONSE)) === Flag.ONEWAY
}
