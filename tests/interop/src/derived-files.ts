import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { createNodeEnv } from '@rockhopper/env'
import { type DumpedIndexEntry, dumpIndex, openStoreDirectory } from '@rockhopper/store/inspect'
import type { GoldenSizes } from './store-writer.js'

/** Path below the directory to a hash of the bytes, of every file of the consume queues. */
export function queueFiles(directory: string): ReadonlyMap<string, string> {
  const queues = join(directory, 'consumequeue')
  const files = readdirSync(queues, { recursive: true, encoding: 'utf8' })
    .filter((path) => statSync(join(queues, path)).isFile())
    .sort()
  return new Map(files.map((path) => [path, hashOf(readFileSync(join(queues, path)))]))
}

/**
 * What the index files hold, without their names, which say when they were made: slots, entries, header.
 * Bytes behind the last entry are zero in both.
 */
export function indexFiles(directory: string): string[] {
  const index = join(directory, 'index')
  return readdirSync(index)
    .sort()
    .map((name) => hashOf(readFileSync(join(index, name))))
}

/** Every index entry, oldest file first, without the file's name. */
export async function indexEntries(directory: string, sizes: GoldenSizes): Promise<DumpedIndexEntry[]> {
  const opened = openStoreDirectory({ env: createNodeEnv(), directory, sizes })
  const entries: DumpedIndexEntry[] = []
  try {
    await dumpIndex(opened, {}, async (some) => {
      entries.push(...some.map((entry) => ({ ...entry, file: '' })))
      return true
    })
  } finally {
    opened.close()
  }
  return entries
}

function hashOf(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex')
}
