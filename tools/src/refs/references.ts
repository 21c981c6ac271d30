import { posix } from 'node:path'
import type { Manifest, WorkspacePackage } from '../workspace.js'

/** A tsconfig.json of a package; keys that are not generated are kept as they are. */
export interface TsConfig {
  readonly references?: readonly { readonly path: string }[]
  readonly [key: string]: unknown
}

/**
 * The project references of one package: what its sources may import. Development dependencies are for tests,
 * which are type-checked apart and run against compiled siblings.
 */
export function referencesOf(
  one: WorkspacePackage,
  workspace: readonly WorkspacePackage[],
): { path: string }[] {
  const { dependencies, peerDependencies } = one.manifest
  const names = new Set([...Object.keys(dependencies ?? {}), ...Object.keys(peerDependencies ?? {})])
  return workspace
    .filter((other) => names.has(other.name))
    .map((other) => ({ path: posix.relative(one.folder, other.folder) }))
}

/** The root tsconfig.json: every package, so that `tsc -b` compiles all of them. */
export function solution(workspace: readonly WorkspacePackage[]): TsConfig {
  return { files: [], references: workspace.map(({ folder }) => ({ path: `./${folder}` })) }
}

/** Names of packages that depend on each other in a circle, or undefined. Development dependencies count. */
export function findCycle(workspace: readonly WorkspacePackage[]): string[] | undefined {
  const byName = new Map(workspace.map((one) => [one.name, one]))
  const done = new Set<string>()
  const visit = (name: string, path: readonly string[]): string[] | undefined => {
    if (path.includes(name)) return [...path.slice(path.indexOf(name)), name]
    const one = byName.get(name)
    if (one === undefined || done.has(name)) return undefined
    for (const next of allDependencies(one.manifest)) {
      const cycle = visit(next, [...path, name])
      if (cycle !== undefined) return cycle
    }
    done.add(name)
    return undefined
  }
  for (const { name } of workspace) {
    const cycle = visit(name, [])
    if (cycle !== undefined) return cycle
  }
  return undefined
}

function allDependencies({ dependencies, devDependencies, peerDependencies }: Manifest): string[] {
  return Object.keys({ ...dependencies, ...devDependencies, ...peerDependencies })
}
