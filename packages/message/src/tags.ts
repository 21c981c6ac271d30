/** Java's String.hashCode: h = 31 * h + code unit, wrapping at 32 bits, signed. */
export function javaHashCode(text: string): number {
  let hash = 0
  for (let i = 0; i < text.length; i++) hash = (Math.imul(31, hash) + text.charCodeAt(i)) | 0
  return hash
}

/** As `javaHashCode` of the UTF-8 text in bytes[from, to), without making a string for ASCII. */
export function javaHashCodeOfBytes(bytes: Buffer, from: number, to: number): number {
  let hash = 0
  for (let i = from; i < to; i++) {
    const byte = bytes[i] as number
    if (byte > 0x7f) return javaHashCode(bytes.toString('utf8', from, to))
    hash = (Math.imul(31, hash) + byte) | 0
  }
  return hash
}

/** What a queue entry holds for a message: the hash of its tag, or 0 without one (remoting.md section 31). */
export const tagsCode = (tag: string | undefined): number => (tag === undefined ? 0 : javaHashCode(tag))

export const ALL_TAGS = '*'

export type TagExpression =
  | {
      readonly ok: true
      /** The expression as it is sent, `*` for everything. */
      readonly subString: string
      /** Empty for everything. */
      readonly tagsSet: ReadonlySet<string>
      /**
       * Hashes of `tagsSet`: brokers decide by these, clients again by the strings, because hashes
       * collide.
       */
      readonly codeSet: ReadonlySet<number>
    }
  | { readonly ok: false; readonly reason: string }

/** Reads `a || b`; absent, empty and `*` mean everything (Apache: FilterAPI.buildSubscriptionData). */
export function parseTagExpression(expression: string | undefined): TagExpression {
  if (expression === undefined || expression === '' || expression === ALL_TAGS) {
    return { ok: true, subString: ALL_TAGS, tagsSet: new Set(), codeSet: new Set() }
  }
  const tags = expression
    .split('||')
    .map((tag) => tag.trim())
    .filter((tag) => tag !== '')
  if (tags.length === 0) return { ok: false, reason: 'subString split error' }
  return { ok: true, subString: expression, tagsSet: new Set(tags), codeSet: new Set(tags.map(javaHashCode)) }
}

/** The client's second look at a pulled message: the broker only compared hashes. */
export const matchesTags = (tagsSet: ReadonlySet<string>, tag: string | undefined): boolean =>
  tagsSet.size === 0 || (tag !== undefined && tagsSet.has(tag))
