/** Bits of a message's sysFlag (Apache: MessageSysFlag). */
export const SysFlag = {
  COMPRESSED: 0x1,
  MULTI_TAGS: 0x2,
  TRANSACTION_MASK: 0xc,
  TRANSACTION_NOT: 0x0,
  TRANSACTION_PREPARED: 0x4,
  TRANSACTION_COMMIT: 0x8,
  TRANSACTION_ROLLBACK: 0xc,
  BORN_HOST_V6: 0x10,
  STORE_HOST_V6: 0x20,
  NEED_UNWRAP: 0x40,
  INNER_BATCH: 0x80,
  COMPRESSION_MASK: 0x700,
} as const

/** Bits of a pull request's sysFlag (Apache: PullSysFlag). */
export const PullSysFlag = {
  COMMIT_OFFSET: 0x1,
  SUSPEND: 0x2,
  SUBSCRIPTION: 0x4,
  CLASS_FILTER: 0x8,
  LITE_PULL: 0x10,
} as const

/** Bits of a topic's topicSysFlag (Apache: TopicSysFlag). */
export const TopicSysFlag = { UNIT: 0x1, UNIT_SUB: 0x2 } as const

/** Permission bits of a topic, queue or broker (Apache: PermName). */
export const PermName = { PRIORITY: 8, READ: 4, WRITE: 2, INHERIT: 1 } as const

export const isReadable = (perm: number): boolean => (perm & PermName.READ) !== 0
export const isWriteable = (perm: number): boolean => (perm & PermName.WRITE) !== 0
export const isInherited = (perm: number): boolean => (perm & PermName.INHERIT) !== 0

export type CompressionType = 'LZ4' | 'ZSTD' | 'ZLIB'

/** sysFlag bits 8 to 10 by type (Apache: CompressionType). */
export const COMPRESSION_BITS: Readonly<Record<CompressionType, number>> = {
  LZ4: 0x100,
  ZSTD: 0x200,
  ZLIB: 0x300,
}

/** How a body is compressed; undefined when it is not, 'unknown' for type bits that nobody defined. */
export function compressionOf(sysFlag: number): CompressionType | 'unknown' | undefined {
  if ((sysFlag & SysFlag.COMPRESSED) === 0) return undefined
  switch (sysFlag & SysFlag.COMPRESSION_MASK) {
    // 4.9 clients set no type bits: it was always zlib then.
    case 0:
    case COMPRESSION_BITS.ZLIB:
      return 'ZLIB'
    case COMPRESSION_BITS.ZSTD:
      return 'ZSTD'
    case COMPRESSION_BITS.LZ4:
      return 'LZ4'
    default:
      return 'unknown'
  }
}

export const withCompression = (sysFlag: number, type: CompressionType): number =>
  (sysFlag & ~SysFlag.COMPRESSION_MASK) | SysFlag.COMPRESSED | COMPRESSION_BITS[type]

export const withoutCompression = (sysFlag: number): number =>
  sysFlag & ~(SysFlag.COMPRESSED | SysFlag.COMPRESSION_MASK)

/** The transaction bits: one of the SysFlag.TRANSACTION_ values. */
export const transactionType = (sysFlag: number): number => sysFlag & SysFlag.TRANSACTION_MASK

export const withTransactionType = (sysFlag: number, type: number): number =>
  (sysFlag & ~SysFlag.TRANSACTION_MASK) | type
