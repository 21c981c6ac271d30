/** What the kernel caches and marks dirty as a whole. */
const PAGE_SIZE = 4_096
/** What a disk writes as a whole. */
const SECTOR_SIZE = 512

const HOLE = Buffer.alloc(PAGE_SIZE)

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
  /** What a process sees. */
  data: Buffer
  mtimeMs: number
  /** Pages that may have other bytes than zeros: files of stores are large and mostly holes. */
  #touched = new Set<number>()
  /** Pages that a failed sync gave up. */
  #lost: Layer = emptyLayer()
  /** Syncs under way, oldest first; the last layer is not being synced. */
  #layers: Layer[] = [emptyLayer()]
  #capacity: Buffer

  constructor(data: Buffer, mtimeMs: number) {
    this.data = this.#capacity = data
    this.mtimeMs = mtimeMs
    this.expose()
  }

  /** Bytes that take room on the disk. */
  get allocated(): number {
    return this.#touched.size * PAGE_SIZE
  }

  /** The bytes, for a test that damages them in place: both the cache and the disk have what it writes. */
  expose(): Buffer {
    for (let page = 0; page * PAGE_SIZE < this.data.length; page++) this.#touched.add(page)
    return this.data
  }

  write(from: Uint8Array, position: number, mtimeMs: number): void {
    if (from.length === 0) return
    const end = position + from.length
    if (end > this.data.length) this.#resize(end)
    const first = Math.floor(position / PAGE_SIZE)
    for (let page = first; page * PAGE_SIZE < end; page++) {
      this.#dirty(page)
      this.#touched.add(page)
    }
    this.data.set(from, position)
    this.mtimeMs = mtimeMs
  }

  truncate(size: number, mtimeMs: number): void {
    if (size < this.data.length) this.#clearFrom(size)
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
    const copy = new PageFile(Buffer.alloc(0), this.mtimeMs)
    copy.data = copy.#capacity = this.#spread(this.data.length)
    copy.#touched = new Set(this.#touched)
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
    const found = this.#spread(size)
    const granule = random() < 0.5 ? SECTOR_SIZE : PAGE_SIZE
    const touched = new Set([...this.#touched].filter((page) => page * PAGE_SIZE < size))
    for (const page of new Set(layers.flatMap(({ before }) => [...before.keys()]))) {
      if (page * PAGE_SIZE >= size) continue
      touched.add(page)
      const states = layers.flatMap(({ before }) => before.get(page) ?? [])
      for (let at = 0; at < PAGE_SIZE; at += granule) {
        const state = states[Math.floor(random() * (states.length + 1))]
        const position = page * PAGE_SIZE + at
        if (state !== undefined && position < size) state.copy(found, position, at, at + granule)
      }
    }
    const file = new PageFile(Buffer.alloc(0), this.mtimeMs)
    file.data = file.#capacity = found
    file.#touched = touched
    return file
  }

  /** Keeps what a page was before it changes for the first time since the last sync began. */
  #dirty(page: number): void {
    const { before } = this.#layers.at(-1) as Layer
    if (before.has(page)) return
    const old = this.#lost.before.get(page) ?? this.#page(page)
    this.#lost.before.delete(page)
    before.set(page, old)
  }

  #clearFrom(size: number): void {
    for (const page of this.#touched) {
      const end = (page + 1) * PAGE_SIZE
      if (end <= size) continue
      this.#dirty(page)
      this.data.fill(0, Math.max(size, page * PAGE_SIZE), Math.min(end, this.data.length))
      if (page * PAGE_SIZE >= size) this.#touched.delete(page)
    }
  }

  /** A buffer of `size` bytes with the touched pages in their places. */
  #spread(size: number): Buffer {
    const into = Buffer.alloc(size)
    for (const page of this.#touched) {
      const at = page * PAGE_SIZE
      if (at < size) this.data.copy(into, at, at, Math.min(at + PAGE_SIZE, size, this.data.length))
    }
    return into
  }

  #page(page: number): Buffer {
    if (!this.#touched.has(page)) return HOLE
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
      const room = Math.min(this.#capacity.length * 2, size + 2 ** 20)
      this.#capacity = this.#spread(Math.max(size, room))
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
