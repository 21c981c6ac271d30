import type { Disk } from '@rockhopper/env'
import { MqError } from '@rockhopper/message'
import { segmentOffset } from './segment-name.js'

/**
 * What `load` says; undefined when a file has another size than the configured one, and that one is known to
 * be right: then the files are damaged.
 */
export function undamaged<T>(sizeIsKnown: boolean, load: () => T): T | undefined {
  try {
    return load()
  } catch (error) {
    if (sizeIsKnown && error instanceof MqError && error.code === 'STORE_FILE_SIZE') return undefined
    throw error
  }
}

/**
 * Names of the data files in a directory, ascending. An empty last file is removed, any other size than
 * `fileSize` is refused with MqError STORE_FILE_SIZE naming the file (MappedFileQueue#load). After a crash
 * (`aborted`) a power loss may have left an empty file before others: it was never synced, and files are
 * synced in their order, so nothing in or behind it was promised to anybody and all of them go.
 */
export function loadDataFiles(
  disk: Disk,
  directory: string,
  isDataFile: (name: string) => boolean,
  fileSize: number,
  aborted: boolean,
): string[] {
  const names = disk.list(directory).filter(isDataFile)
  const sizes = names.map((name) => disk.stat(`${directory}/${name}`)?.size ?? 0)
  const firstEmpty = sizes.indexOf(0)
  const kept = firstEmpty >= 0 && (aborted || firstEmpty === names.length - 1) ? firstEmpty : names.length
  for (const name of names.slice(kept).reverse()) disk.remove(`${directory}/${name}`)
  for (let i = 0; i < kept; i++) {
    if (sizes[i] === fileSize) continue
    const path = `${directory}/${names[i]}`
    throw new MqError(
      'STORE_FILE_SIZE',
      `loading '${path}': it has ${sizes[i]} bytes, configured are ${fileSize}`,
    )
  }
  return names.slice(0, kept)
}

/**
 * First offsets of the files of a log or queue. A name that is no multiple of the size is of another size.
 */
export function loadSegments(disk: Disk, directory: string, fileSize: number, aborted: boolean): number[] {
  const isSegment = (name: string) => segmentOffset(name) !== undefined
  return loadDataFiles(disk, directory, isSegment, fileSize, aborted).map((name) => {
    const start = segmentOffset(name) as number
    if (start % fileSize === 0) return start
    throw new MqError(
      'STORE_FILE_SIZE',
      `loading '${directory}/${name}': no file of ${fileSize} bytes begins there`,
    )
  })
}
