import * as fs from 'node:fs'
import { createConnection, createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { diskError } from '../disk-error.js'
import type { DiskLock } from '../env.js'

/**
 * Node has no flock, and a file with a pid in it lies after a crash. A listening socket does not: on Linux in
 * the abstract namespace, on Windows a named pipe; the kernel frees both when the process ends, however it
 * ends. Elsewhere a socket file is used, and a dead one is told by a refused connection.
 */
export async function acquireNodeLock(directory: string): Promise<DiskLock | undefined> {
  const name = lockName(directory)
  const server = (await listen(name)) ?? (await takeOver(name))
  if (server === undefined) return undefined
  server.unref()
  return {
    release: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
      }),
  }
}

/** Device and inode, so that two paths to one directory are one lock. */
function lockName(directory: string): string {
  let found: fs.Stats
  try {
    found = fs.statSync(directory)
  } catch (error) {
    throw diskError('lock', directory, error)
  }
  const name = `rockhopper-${found.dev}-${found.ino}`
  if (process.platform === 'linux') return `\0${name}`
  if (process.platform === 'win32') return `\\\\.\\pipe\\${name}`
  return join(tmpdir(), `${name}.sock`)
}

function listen(name: string): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy())
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE' || error.code === 'EACCES') resolve(undefined)
      else reject(diskError('lock', name.replace('\0', '@'), error))
    })
    server.listen(name, () => resolve(server))
  })
}

/** A socket file that nobody listens on is left over from a process that died. */
async function takeOver(name: string): Promise<Server | undefined> {
  if (process.platform === 'linux' || process.platform === 'win32') return undefined
  const alive = await new Promise<boolean>((resolve) => {
    const probe = createConnection(name)
    probe.once('connect', () => {
      probe.destroy()
      resolve(true)
    })
    probe.once('error', () => resolve(false))
  })
  if (alive) return undefined
  fs.rmSync(name, { force: true })
  return listen(name)
}
