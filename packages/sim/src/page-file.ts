/** What the kernel caches and marks dirty as a whole. */
const PAGE_SIZE = 4_096
/** What a disk writes as a whole. */
const SECTOR_SIZE = 512

/** What a sync under way, or the next one, will make durable. */
interface Layer {
  /** Pages as they were before the first write of this layer, by number. */
  readonly before: Map<number, Buffer>
  /** Size before the first change of it in this layer. */
  size: number | undefined
}

/**
 * The bytes of a file: what a process sees, and for each page not synced yet what the disk has instead. A
 * sync that fails leaves its pages clean and not durable, as Linux does: only a page that is written again is
 * part of the next sync.
 */
export class PageFile {
  /** What a process sees. Tests that damage a file write into it: both the cache and the disk have that. */
  data: Buffer
  mtimeMs: number
  /** Pages that a failed sync gave up. */
  #lost: Layer = emptyLayer()
  /** Syncs under way, oldest first; the last layer is not being synced. */
  #layers: Layer[] = [emptyLayer()]
  #capacity: Buffer

  constructor(data: Buffer, mtimeMs: number) {
    this.data = this.#capacity = data
    this.mtimeMs = mtimeMs
  }

  write(from: Uint8Array, position: number, mtimeMs: number): void {
    if (from.length === 0) return
    const end = position + from.length
    if (end > this.data.length) this.#resize(end)
    this.#dirty(position, end)
    this.data.set(from, position)
    this.mtimeMs = mtimeMs
  }

  truncate(size: number, mtimeMs: number): void {
    if (size < this.data.length) {
      this.#dirty(size, this.data.length)
      this.data.fill(0, size)
    }
    this.#resize(size)
    this.mtimeMs = mtimeMs
  }

  /** Begins a sync of what was written before it; the result ends it. */
  startSync(): (ok: boolean) => void {
    const layer = this.#layers.at(-1) as Layer
    this.#layers.push(emptyLayer())
    return (ok) => {
      // An older sync that has not ended is covered: what was written before it was written before this one.
      const covered = this.#layers.splice(0, this.#layers.indexOf(layer) + 1)
      if (!ok) this.#giveUp(covered)
    }
  }

  /** A process that follows a killed one finds this. */
  copy(): PageFile {
    const copy = new PageFile(Buffer.from(this.data), this.mtimeMs)
    copy.#lost = copyOf(this.#lost)
    copy.#layers = this.#layers.map(copyOf)
    return copy
  }

  /**
   * What is found after the power went: each sector, or each whole page, that was not synced in any of its
   * states since, and any of the sizes since.
   */
  afterPowerLoss(random: () => number): PageFile {
    const layers = [this.#lost, ...this.#layers]
    const sizes = layers.flatMap(({ size }) => (size === undefined ? [] : [size]))
    sizes.push(this.data.length)
    const size = sizes[Math.floor(random() * sizes.length)] as number
    const found = Buffer.alloc(size)
    this.data.copy(found)
    const granule = random() < 0.5 ? SECTOR_SIZE : PAGE_SIZE
    for (const page of new Set(layers.flatMap(({ before }) => [...before.keys()]))) {
      const states = layers.flatMap(({ before }) => before.get(page) ?? [])
      for (let at = 0; at < PAGE_SIZE; at += granule) {
        const state = states[Math.floor(random() * (states.length + 1))]
        const position = page * PAGE_SIZE + at
        if (state !== undefined && position < size) state.copy(found, position, at, at + granule)
      }
    }
    return new PageFile(found, this.mtimeMs)
  }

  /** Keeps what the pages were before they change for the first time since the last sync began. */
  #dirty(from: number, to: number): void {
    const { before } = this.#layers.at(-1) as Layer
    for (let page = Math.floor(from / PAGE_SIZE); page * PAGE_SIZE < to; page++) {
      if (before.has(page)) continue
      const old = this.#lost.before.get(page) ?? this.#page(page)
      this.#lost.before.delete(page)
      before.set(page, old)
    }
  }

  #page(page: number): Buffer {
    const bytes = Buffer.alloc(PAGE_SIZE)
    this.data.copy(bytes, 0, page * PAGE_SIZE, (page + 1) * PAGE_SIZE)
    return bytes
  }

  #resize(size: number): void {
    if (size === this.data.length) return
    const layer = this.#layers.at(-1) as Layer
    layer.size ??= this.#lost.size ?? this.data.length
    this.#lost.size = undefined
    if (size > this.#capacity.length) {
      // Appends of a few bytes must not copy the whole file each time.
      const grown = Buffer.alloc(Math.max(size, Math.min(this.#capacity.length * 2, size + 2 ** 20)))
      this.data.copy(grown)
      this.#capacity = grown
    }
    this.data = this.#capacity.subarray(0, size)
  }

  #giveUp(layers: readonly Layer[]): void {
    for (const { before, size } of layers) {
      for (const [page, bytes] of before) if (!this.#lost.before.has(page)) this.#lost.before.set(page, bytes)
      this.#lost.size ??= size
    }
  }
}

function emptyLayer(): Layer {
  return { before: new Map(), size: undefined }
}

function copyOf({ before, size }: Layer): Layer {
  return { before: new Map(before), size }
}
