/** One file of the archive: lines of the messages `from` to `next - 1` of a queue. */
export interface ArchiveFile {
  /** `dt=2026-11-21/hour=09` */
  readonly folder: string
  readonly queue: string
  readonly from: number
  /** The offset after the last one: where the next file begins. */
  readonly next: number
  readonly size: number
}

/**
 * By the time at which the broker stored the first message: the same whoever writes the file, and whenever.
 * So files of one queue that overlap are always in one folder.
 */
export function folderOf(storeTimestamp: number): string {
  const [day = '', time = ''] = new Date(storeTimestamp).toISOString().split('T')
  return `dt=${day}/hour=${time.slice(0, 2)}`
}

export const pathOf = ({ folder, queue, from, next }: Omit<ArchiveFile, 'size'>): string =>
  `${folder}/${queue}-${padded(from)}-${padded(next)}.ndjson.gz`

/** Undefined for a name of something else. */
export function archiveFile(folder: string, name: string, size: number): ArchiveFile | undefined {
  const [, queue, from, next] = /^(.+)-(\d+)-(\d+)\.ndjson\.gz$/.exec(name) ?? []
  if (queue === undefined) return undefined
  return { folder, queue, from: Number(from), next: Number(next), size }
}

const padded = (offset: number): string => String(offset).padStart(12, '0')
