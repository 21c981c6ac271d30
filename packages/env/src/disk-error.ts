/** A failed file operation. `code` is the system's: ENOSPC, EIO, ENOENT, EMFILE, EACCES, EROFS, ... */
export class DiskError extends Error {
  readonly code: string
  readonly path: string

  constructor(operation: string, path: string, code: string, cause?: unknown) {
    super(`${operation} ${path}: ${code}`, { cause })
    this.name = 'DiskError'
    this.code = code
    this.path = path
  }
}

/** What Node threw, as a `DiskError` that names operation and path. */
export function diskError(operation: string, path: string, error: unknown): DiskError {
  const code = (error as { code?: unknown } | null)?.code
  return new DiskError(operation, path, typeof code === 'string' ? code : 'EUNKNOWN', error)
}
