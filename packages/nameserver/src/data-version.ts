import type { DataVersion } from '@rockhopper/remoting'

/** Apache: DataVersion.compare — state version first, then counter, then timestamp. */
export function compareDataVersions(a: DataVersion, b: DataVersion): number {
  return a.stateVersion - b.stateVersion || a.counter - b.counter || a.timestamp - b.timestamp
}

export function sameDataVersion(a: DataVersion, b: DataVersion): boolean {
  return compareDataVersions(a, b) === 0
}
