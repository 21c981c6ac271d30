import type { PageFile } from './page-file.js'
import { parentOf } from './path.js'

type NameOperation =
  | { readonly kind: 'link'; readonly path: string; readonly file: PageFile; readonly renamedFrom?: string }
  | { readonly kind: 'unlink'; readonly path: string }
  | { readonly kind: 'move-tree'; readonly path: string; readonly renamedFrom: string }

/**
 * The names of a file system, as a process sees them and as they are on the disk. There is one journal, as in
 * ext4 and XFS: what is durable of the changes is always a beginning of them.
 */
export class NamesJournal {
  #names = new Map<string, PageFile>()
  #durable = new Map<string, PageFile>()
  #pending: NameOperation[] = []

  get(path: string): PageFile | undefined {
    return this.#names.get(path)
  }

  paths(): string[] {
    return [...this.#names.keys()]
  }

  files(): IterableIterator<PageFile> {
    return this.#names.values()
  }

  link(path: string, file: PageFile): void {
    this.#names.set(path, file)
    this.#pending.push({ kind: 'link', path, file })
  }

  unlink(path: string): void {
    this.#names.delete(path)
    this.#pending.push({ kind: 'unlink', path })
  }

  rename(from: string, to: string, file: PageFile): void {
    this.#names.delete(from)
    this.#names.set(to, file)
    this.#pending.push({ kind: 'link', path: to, file, renamedFrom: from })
  }

  /** All names below a directory, in one change. */
  moveTree(from: string, to: string): void {
    const operation: NameOperation = { kind: 'move-tree', path: to, renamedFrom: from }
    apply(operation, this.#names)
    this.#pending.push(operation)
  }

  /** A name that is durable at once, for tests that prepare a disk. */
  put(path: string, file: PageFile): void {
    this.#names.set(path, file)
    this.#durable.set(path, file)
  }

  /** What is before the last change in this directory becomes durable with it. */
  sync(directory: string): void {
    const last = this.#pending.findLastIndex(
      (operation) =>
        parentOf(operation.path) === directory ||
        (operation.kind !== 'unlink' && parentOf(operation.renamedFrom ?? '') === directory),
    )
    for (const operation of this.#pending.splice(0, last + 1)) apply(operation, this.#durable)
  }

  copy(): NamesJournal {
    const copies = new Map<PageFile, PageFile>()
    const copyOf = (file: PageFile): PageFile => {
      const copy = copies.get(file) ?? file.copy()
      copies.set(file, copy)
      return copy
    }
    const next = new NamesJournal()
    for (const [path, file] of this.#names) next.#names.set(path, copyOf(file))
    for (const [path, file] of this.#durable) next.#durable.set(path, copyOf(file))
    next.#pending = this.#pending.map((operation) =>
      operation.kind === 'link' ? { ...operation, file: copyOf(operation.file) } : operation,
    )
    return next
  }

  afterPowerLoss(random: () => number): NamesJournal {
    const kept = Math.floor(random() * (this.#pending.length + 1))
    const names = new Map(this.#durable)
    for (const operation of this.#pending.slice(0, kept)) apply(operation, names)
    const next = new NamesJournal()
    for (const [path, file] of names) next.put(path, file.afterPowerLoss(random))
    return next
  }
}

function apply(operation: NameOperation, names: Map<string, PageFile>): void {
  if (operation.kind === 'unlink') return void names.delete(operation.path)
  if (operation.kind === 'move-tree') {
    for (const [path, file] of [...names]) {
      if (!path.startsWith(`${operation.renamedFrom}/`)) continue
      names.delete(path)
      names.set(`${operation.path}${path.slice(operation.renamedFrom.length)}`, file)
    }
    return
  }
  if (operation.renamedFrom !== undefined) names.delete(operation.renamedFrom)
  names.set(operation.path, operation.file)
}
