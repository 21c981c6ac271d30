import { readFileSync } from 'node:fs'

/** Resident memory of everything this process started, in bytes. Linux only. */
export const descendantsRss = (): number => ofDescendants('VmRSS')

/** Of that what no file stands behind: heaps and stacks, without pages of files that are mapped. */
export const descendantsAnonymous = (): number => ofDescendants('RssAnon')

/** The largest resident memory that each of them had so far, added up. */
export const descendantsPeakRss = (): number => ofDescendants('VmHWM')

/** CPU time of everything this process started so far and that runs now, in microseconds. Linux only. */
export function descendantsCpuUs(except?: number): number {
  const counted = descendants(process.pid).filter((pid) => pid !== except)
  return counted.reduce((sum, pid) => sum + cpuUsOf(pid), 0)
}

/**
 * CPU time of one process so far, in microseconds; 0 when it ended. Ticks of 10 ms: user and system time are
 * fields 14 and 15, counted from the state behind the name.
 */
export function cpuUsOf(pid: number): number {
  const fields = read(`/proc/${pid}/stat`).split(') ').at(-1)?.split(' ') ?? []
  return (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) * 10_000
}

function descendants(pid: number): number[] {
  const children = read(`/proc/${pid}/task/${pid}/children`).split(' ').filter(Boolean).map(Number)
  return children.flatMap((child) => [child, ...descendants(child)])
}

type Field = 'VmRSS' | 'RssAnon' | 'VmHWM'

function ofDescendants(field: Field): number {
  const bytesOf = (pid: number): number => {
    const kib = new RegExp(`${field}:\\s+(\\d+) kB`).exec(read(`/proc/${pid}/status`))?.[1]
    return Number(kib ?? 0) * 1024
  }
  return descendants(process.pid).reduce((sum, pid) => sum + bytesOf(pid), 0)
}

/** Empty when the process ended meanwhile. */
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
