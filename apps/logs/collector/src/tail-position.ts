import { mkdir, open, readFile, rename } from 'node:fs/promises'
import { dirname } from 'node:path'

/** How far a followed file was sent, and by what it is known again. */
export interface TailPosition {
  readonly device: number
  readonly inode: number
  /** How often a file of this inode began anew: an offset of then is not the same offset now. */
  readonly generation: number
  /** Bytes that were acknowledged. */
  readonly position: number
  /** The first bytes, at most `HEAD_SIZE_MAX`: how many, and their SHA-256. */
  readonly head: { readonly size: number; readonly hash: string }
  /** When the last line happened: for lines that do not say. Ms since 1970. */
  readonly lastAt: number
}

/** What the collector remembers over its restarts: one position for each path, in one small JSON file. */
export class PositionFile {
  readonly #path: string
  #positions: Map<string, TailPosition> | undefined
  #writing: Promise<void> = Promise.resolve()

  constructor(path: string) {
    this.#path = path
  }

  async get(path: string): Promise<TailPosition | undefined> {
    this.#positions ??= await this.#load()
    return this.#positions.get(path)
  }

  /** Resolves when it would survive a power cut. */
  async set(path: string, position: TailPosition): Promise<void> {
    this.#positions ??= await this.#load()
    this.#positions.set(path, position)
    // One writing after the other; the failure of one is its own caller's to hear of.
    const before = this.#writing
    const saved = before.then(() => this.#save())
    this.#writing = saved.then(
      () => undefined,
      () => undefined,
    )
    return saved
  }

  async #load(): Promise<Map<string, TailPosition>> {
    try {
      const text = await readFile(this.#path, 'utf8')
      return new Map(Object.entries(JSON.parse(text) as Record<string, TailPosition>))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return new Map()
      throw new Error(`${this.#path} cannot be read: repair it, or remove it and read the files anew`, {
        cause: error,
      })
    }
  }

  async #save(): Promise<void> {
    await mkdir(dirname(this.#path), { recursive: true })
    const temporary = `${this.#path}.tmp`
    const file = await open(temporary, 'w')
    try {
      await file.writeFile(JSON.stringify(Object.fromEntries(this.#positions ?? []), undefined, 2))
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(temporary, this.#path)
  }
}
