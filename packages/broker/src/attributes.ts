type Attributes = Readonly<Record<string, RegExp>>

/** Attributes a topic may carry, and the values this broker can serve (Apache: TopicAttributes). */
const OF_TOPICS: Attributes = {
  'queue.type': /^SimpleCQ$/,
  'cleanup.policy': /^DELETE$/,
  'message.type': /^(UNSPECIFIED|NORMAL|FIFO|DELAY|TRANSACTION|MIXED|PRIORITY)$/,
  'reserve.time': /^(-1|\d{1,15})$/,
}

/** Of a group (Apache 5.4: SubscriptionGroupAttributes). */
const OF_GROUPS: Attributes = {
  'priority.factor': /^(\d|[1-9]\d|100)$/,
}

export type AttributesResult = { readonly value: ReadonlyMap<string, string> } | { readonly reason: string }

/**
 * Applies `+key=value,-key` to the attributes a topic has; a new topic takes only `+` (Apache:
 * AttributeUtil).
 */
export function alterAttributes(
  current: ReadonlyMap<string, string> | undefined,
  change: string | undefined,
  values = OF_TOPICS,
): AttributesResult {
  const attributes = new Map(current)
  for (const part of (change ?? '').split(',')) {
    if (part.trim() === '') continue
    const match = /^([+-])([^=]+)(?:=(.*))?$/.exec(part.trim())
    const [, sign, key = '', value = ''] = match ?? []
    const allowed = Object.hasOwn(values, key) ? values[key] : undefined
    if (allowed === undefined) return { reason: `attribute ${part} is not supported` }
    if (sign === '-') {
      if (current === undefined)
        return { reason: `only add attribute is supported while creating topic: ${part}` }
      attributes.delete(key)
    } else if (!allowed.test(value)) {
      return { reason: `attribute ${key} cannot be ${value}` }
    } else {
      attributes.set(key, value)
    }
  }
  return { value: attributes }
}

/**
 * The same for a group, whose changes come as a map with signed names. A name without a sign is what a tool
 * read and sends back.
 */
export function alterGroupAttributes(
  current: ReadonlyMap<string, string> | undefined,
  given: ReadonlyMap<string, string>,
): AttributesResult {
  const signed = [...given].map(([key, value]) => `${/^[+-]/.test(key) ? key : `+${key}`}=${value}`)
  return alterAttributes(current, signed.join(','), OF_GROUPS)
}
