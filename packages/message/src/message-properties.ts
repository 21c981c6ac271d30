import { MqError } from './errors.js'
import type { Message, Properties } from './message.js'
import { NAME_VALUE_SEPARATOR, PROPERTY_SEPARATOR, Property, RESERVED_PROPERTIES } from './properties.js'

/** Separates keys in KEYS (Apache: MessageConst.KEY_SEPARATOR). */
export const KEY_SEPARATOR = ' '

/**
 * The properties of a message as they travel. WAIT is always written, as Java's Message does. Throws MqError:
 * PROPERTY_RESERVED, PROPERTY_ILLEGAL (blank, or with a separator, or two delays, or a priority beside
 * one), KEY_ILLEGAL. The encoded size is not checked.
 */
export function messageProperties(message: Message): Properties {
  const properties = Object.create(null) as Properties
  for (const [name, value] of Object.entries(message.properties ?? {})) {
    if (RESERVED_PROPERTIES.has(name))
      throw new MqError('PROPERTY_RESERVED', `Setting the property '${name}'`)
    properties[name] = checked(name, value)
  }
  const { keys, tag, shardingKey, delayTimeLevel } = message
  if (keys !== undefined && keys.length > 0) properties[Property.KEYS] = joinKeys(keys)
  properties[Property.WAIT] = String(message.waitStoreMessageOk ?? true)
  if (tag !== undefined && tag !== '') properties[Property.TAGS] = checked('tag', tag)
  if (shardingKey !== undefined) properties[Property.SHARDING_KEY] = checked('shardingKey', shardingKey)
  if (delayTimeLevel !== undefined && delayTimeLevel > 0) properties[Property.DELAY] = String(delayTimeLevel)
  for (const [field, name] of TIMES) {
    const value = message[field]
    if (value !== undefined) properties[name] = timeText(message, field, value)
  }
  if (message.priority !== undefined) properties[Property.PRIORITY] = priorityText(message, message.priority)
  return properties
}

/** A broker takes the priority off a message that is delayed or has a key: better told now. */
function priorityText(message: Message, value: number): string {
  if (isDelayed(message) || message.shardingKey !== undefined) {
    throw new MqError('PROPERTY_ILLEGAL', `Setting 'priority' beside a delay or a shardingKey`)
  }
  if (Number.isSafeInteger(value) && value >= 0 && value <= 0x7fffffff) return String(value)
  throw new MqError('PROPERTY_ILLEGAL', `Setting 'priority' to ${value}: it must be an i32 from 0 on`)
}

const TIMES = [
  ['delayTimeSec', Property.TIMER_DELAY_SEC],
  ['delayTimeMs', Property.TIMER_DELAY_MS],
  ['deliverTimeMs', Property.TIMER_DELIVER_MS],
] as const

/** Whether a message waits for a level or a time of its own. */
export function isDelayed(message: Message): boolean {
  return (message.delayTimeLevel ?? 0) > 0 || TIMES.some(([field]) => message[field] !== undefined)
}

/** A broker takes the first it knows: which one was meant must not be a question. */
function timeText(message: Message, field: (typeof TIMES)[number][0], value: number): string {
  const given = TIMES.filter(([name]) => message[name] !== undefined).length
  if (given > 1 || (message.delayTimeLevel ?? 0) > 0) {
    throw new MqError('PROPERTY_ILLEGAL', `Setting '${field}' beside another delay`)
  }
  if (Number.isSafeInteger(value) && value >= 0) return String(value)
  throw new MqError('PROPERTY_ILLEGAL', `Setting '${field}' to ${value}: it must be a whole number from 0 on`)
}

/** KEYS of a stored message as a list. */
export function messageKeys(properties: Properties): string[] {
  const keys = properties[Property.KEYS]
  return keys === undefined ? [] : keys.split(KEY_SEPARATOR).filter((key) => key !== '')
}

function joinKeys(keys: readonly string[]): string {
  for (const key of keys) {
    checked('key', key)
    if (key.includes(KEY_SEPARATOR)) throw new MqError('KEY_ILLEGAL', `Setting the key '${key}'`)
  }
  return keys.join(KEY_SEPARATOR)
}

function checked(name: string, value: unknown): string {
  const text = `${name}${String(value)}`
  const blank = typeof value !== 'string' || name.trim() === '' || value.trim() === ''
  if (blank || text.includes(NAME_VALUE_SEPARATOR) || text.includes(PROPERTY_SEPARATOR)) {
    throw new MqError('PROPERTY_ILLEGAL', `Setting '${name}' to ${JSON.stringify(value)}`)
  }
  return value
}
