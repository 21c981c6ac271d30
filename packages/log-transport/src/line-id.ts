import { createHash } from 'node:crypto'

/** Where a line comes from: what stays the same however often it is sent. */
export type LineOrigin =
  /** `file` is the file's identity (device and inode), `position` the byte at which the line begins. */
  | { readonly kind: 'tail'; readonly source: string; readonly file: string; readonly position: number }
  /** `line` counts from 0 in the request's body. */
  | { readonly kind: 'http'; readonly source: string; readonly batchId: string; readonly line: number }
  /** `instance` is new at each start of the process, `sequence` counts its lines. */
  | { readonly kind: 'logger'; readonly source: string; readonly instance: string; readonly sequence: number }

/** 32 hex digits: the first 128 bits of the SHA-256 of the origin. */
export function lineId(origin: LineOrigin): string {
  return createHash('sha256')
    .update(JSON.stringify(partsOf(origin)))
    .digest('hex')
    .slice(0, 32)
}

function partsOf(origin: LineOrigin): readonly (string | number)[] {
  switch (origin.kind) {
    case 'tail':
      return ['tail', origin.source, origin.file, origin.position]
    case 'http':
      return ['http', origin.source, origin.batchId, origin.line]
    case 'logger':
      return ['logger', origin.source, origin.instance, origin.sequence]
  }
}
