/** The properties that dispatch needs, as ranges of the scanned bytes; -1 where one is absent. */
export interface ScannedProperties {
  tagsFrom: number
  tagsTo: number
  keysFrom: number
  keysTo: number
  uniqKeyFrom: number
  uniqKeyTo: number
  delayFrom: number
  delayTo: number
}

const NAME_END = 1
const PROPERTY_END = 2
const TAGS = Buffer.from('TAGS')
const KEYS = Buffer.from('KEYS')
const UNIQ_KEY = Buffer.from('UNIQ_KEY')
const DELAY = Buffer.from('DELAY')

export function emptyProperties(): ScannedProperties {
  return {
    tagsFrom: -1,
    tagsTo: -1,
    keysFrom: -1,
    keysTo: -1,
    uniqKeyFrom: -1,
    uniqKeyTo: -1,
    delayFrom: -1,
    delayTo: -1,
  }
}

/**
 * Finds TAGS, KEYS, UNIQ_KEY and DELAY in `name U+0001 value U+0002 ...` without making strings. The last of
 * several equal names counts, and a pair without a name or a value is passed over, as in
 * MessageDecoder#string2messageProperties.
 */
export function scanProperties(bytes: Buffer, from: number, to: number, into: ScannedProperties): void {
  into.tagsFrom = into.keysFrom = into.uniqKeyFrom = into.delayFrom = -1
  for (let pairFrom = from; pairFrom < to; ) {
    let nameTo = pairFrom
    while (nameTo < to && bytes[nameTo] !== NAME_END && bytes[nameTo] !== PROPERTY_END) nameTo++
    let end = nameTo
    while (end < to && bytes[end] !== PROPERTY_END) end++
    if (nameTo > pairFrom && end > nameTo + 1) take(bytes, pairFrom, nameTo, end, into)
    pairFrom = end + 1
  }
}

function take(bytes: Buffer, from: number, nameTo: number, to: number, into: ScannedProperties): void {
  const valueFrom = nameTo + 1
  if (isName(bytes, from, nameTo, TAGS)) {
    into.tagsFrom = valueFrom
    into.tagsTo = to
  } else if (isName(bytes, from, nameTo, KEYS)) {
    into.keysFrom = valueFrom
    into.keysTo = to
  } else if (isName(bytes, from, nameTo, UNIQ_KEY)) {
    into.uniqKeyFrom = valueFrom
    into.uniqKeyTo = to
  } else if (isName(bytes, from, nameTo, DELAY)) {
    into.delayFrom = valueFrom
    into.delayTo = to
  }
}

function isName(bytes: Buffer, from: number, to: number, name: Buffer): boolean {
  if (to - from !== name.length) return false
  for (let i = 0; i < name.length; i++) if (bytes[from + i] !== name[i]) return false
  return true
}
