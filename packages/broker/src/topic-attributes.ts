/** Attributes a topic may carry, and the values this broker can serve (Apache: TopicAttributes). */
const VALUES: Readonly<Record<string, RegExp>> = {
  'queue.type': /^SimpleCQ$/,
  'cleanup.policy': /^DELETE$/,
  'message.type': /^(UNSPECIFIED|NORMAL|FIFO|DELAY|TRANSACTION)$/,
  'reserve.time': /^(-1|\d{1,15})$/,
}

export type AttributesResult = { readonly value: ReadonlyMap<string, string> } | { readonly reason: string }

/**
 * Applies `+key=value,-key` to the attributes a topic has; a new topic takes only `+` (Apache:
 * AttributeUtil).
 */
export function alterAttributes(
  current: ReadonlyMap<string, string> | undefined,
  change: string | undefined,
): AttributesResult {
  const attributes = new Map(current)
  for (const part of (change ?? '').split(',')) {
    if (part.trim() === '') continue
    const match = /^([+-])([^=]+)(?:=(.*))?$/.exec(part.trim())
    const [, sign, key = '', value = ''] = match ?? []
    const allowed = Object.hasOwn(VALUES, key) ? VALUES[key] : undefined
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
