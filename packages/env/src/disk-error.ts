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
