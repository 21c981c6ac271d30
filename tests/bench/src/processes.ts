import { readFileSync } from 'node:fs'

/** Resident memory of everything this process started, in bytes. Linux only. */
export function descendantsRss(): number {
  return descendants(process.pid).reduce((sum, pid) => sum + rssOf(pid), 0)
}

function descendants(pid: number): number[] {
  const children = read(`/proc/${pid}/task/${pid}/children`).split(' ').filter(Boolean).map(Number)
  return children.flatMap((child) => [child, ...descendants(child)])
}

function rssOf(pid: number): number {
  return Number(/VmRSS:\s+(\d+) kB/.exec(read(`/proc/${pid}/status`))?.[1] ?? 0) * 1024
}

/** Empty when the process ended meanwhile. */
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
