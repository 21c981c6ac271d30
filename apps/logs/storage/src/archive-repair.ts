import { randomUUID } from 'node:crypto'
import { gunzipSync, gzipSync } from 'node:zlib'
import { type ArchiveFile, archiveFile, pathOf } from './archive-name.js'
import type { Folder } from './folder.js'

/** What a merged file may have, compressed. */
const MERGED_SIZE_MAX = 64 * 1024 * 1024
const PARTS_MAX = 64

/** The files of one hour's folder. */
export async function filesIn(folder: Folder, path: string): Promise<ArchiveFile[]> {
  const entries = await folder.list(path)
  return entries.flatMap(({ name, size }) => archiveFile(path, name, size) ?? [])
}

/** The folders of hours that there are, newest first. */
export async function hourFolders(folder: Folder): Promise<string[]> {
  const days = (await folder.list('')).flatMap(({ name }) => (name.startsWith('dt=') ? [name] : []))
  const hours = await Promise.all(
    days.map(async (day) =>
      (await folder.list(day)).flatMap(({ name }) => (name.startsWith('hour=') ? [`${day}/${name}`] : [])),
    ),
  )
  return hours.flat().sort().reverse()
}

/**
 * Two writers of one queue, or a crash within a merge, leave files that cover the same offsets. Afterwards
 * each offset is in one file: what another file contains goes, what overlaps is merged. Nothing goes before
 * what replaces it is there under its name.
 */
export async function settleOverlaps(folder: Folder, path: string, queue: string): Promise<void> {
  const files = (await filesIn(folder, path)).filter((file) => file.queue === queue).sort(byRange)
  const kept: ArchiveFile[] = []
  for (const file of files) {
    const before = kept.at(-1)
    if (before === undefined || file.from >= before.next) kept.push(file)
    else if (file.next <= before.next) await folder.remove(pathOf(file))
    else kept.splice(-1, 1, await merge(folder, [before, file]))
  }
}

/** Small neighbours of every queue become one file. For hours that are over. Returns how many files went. */
export async function compactHour(folder: Folder, path: string): Promise<number> {
  const files = (await filesIn(folder, path)).sort((a, b) => compare(a.queue, b.queue) || byRange(a, b))
  let went = 0
  let run: ArchiveFile[] = []
  const end = async (): Promise<void> => {
    if (run.length > 1) {
      await merge(folder, run)
      went += run.length - 1
    }
    run = []
  }
  for (const file of files) {
    const last = run.at(-1)
    const size = run.reduce((sum, one) => sum + one.size, 0) + file.size
    const fits = last?.queue === file.queue && last.next === file.from && size <= MERGED_SIZE_MAX
    if (!fits || run.length === PARTS_MAX) await end()
    run.push(file)
  }
  await end()
  return went
}

/** From low to high, the longer one first. */
const byRange = (a: ArchiveFile, b: ArchiveFile): number => a.from - b.from || b.next - a.next
const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

/** Files of one folder and queue, in order, as one file without repeated lines; then they go. */
async function merge(folder: Folder, parts: readonly ArchiveFile[]): Promise<ArchiveFile> {
  const first = parts[0] as ArchiveFile
  const next = Math.max(...parts.map((part) => part.next))
  const seen = new Set<string>()
  const texts: string[] = []
  for (const part of parts) {
    for (const text of textsOf(await folder.read(pathOf(part)))) {
      const { id } = JSON.parse(text) as { id: string }
      if (seen.has(id)) continue
      seen.add(id)
      texts.push(`${text}\n`)
    }
  }
  const merged = { folder: first.folder, queue: first.queue, from: first.from, next }
  const content = gzipSync(texts.join(''))
  const temporary = `_tmp/${first.queue}-${randomUUID()}`
  await folder.create(temporary, content)
  // False: somebody else merged the same files.
  if (!(await folder.rename(temporary, pathOf(merged)))) await folder.remove(temporary)
  for (const part of parts) if (pathOf(part) !== pathOf(merged)) await folder.remove(pathOf(part))
  return { ...merged, size: content.length }
}

/** The lines of a file. */
export function textsOf(content: Buffer): string[] {
  if (content.length === 0) return []
  return gunzipSync(content)
    .toString('utf8')
    .split('\n')
    .filter((text) => text !== '')
}
