/** A file system in the few words that the archive needs. Paths are relative, with `/`. */
export interface Folder {
  /** For people: where it is. */
  readonly address: string
  /** Names in a folder; empty when it is missing. */
  list(path: string): Promise<readonly FolderEntry[]>
  /** The whole file, durable when it resolves; folders on the way are made. Rejects when the file exists. */
  create(path: string, content: Uint8Array): Promise<void>
  read(path: string): Promise<Buffer>
  /**
   * In one step, never onto another file. False when `to` exists or `from` does not; folders on the
   * way are made.
   */
  rename(from: string, to: string): Promise<boolean>
  /** Nothing happens when it is gone already. */
  remove(path: string): Promise<void>
}

export interface FolderEntry {
  readonly name: string
  readonly isFolder: boolean
  readonly size: number
}
