export * from './batch.js'
export { bodyCrc, crc32, crc32ByTable, crc32Range } from './crc32.js'
export * from './errors.js'
export * from './flags.js'
export { hostSize, hostText, isIpv6, parseHost, putHost } from './host.js'
export * from './ids.js'
export { LastText } from './last-text.js'
export type * from './message.js'
export * from './message-properties.js'
export * from './names.js'
export * from './numbers.js'
export * from './pop-offsets.js'
export * from './pop-receipt.js'
export * from './pop-topics.js'
export * from './properties.js'
export { decodeRecallHandle, encodeRecallHandle, type RecallHandle } from './recall-handle.js'
export * from './record-decode.js'
export * from './record-encode.js'
export * from './record-layout.js'
export type { DecodeResult } from './result.js'
export {
  compileSql92,
  type PropertyLookup,
  SQL92_LENGTH_MAX,
  type Sql92Answer,
  type Sql92Filter,
  type Sql92Result,
} from './sql92/filter.js'
export * from './tags.js'
