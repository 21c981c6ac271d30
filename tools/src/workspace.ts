import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export interface Manifest {
  readonly name: string
  readonly exports?: Readonly<Record<string, unknown>>
  readonly scripts?: Readonly<Record<string, string>>
  readonly dependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
}

export interface WorkspacePackage {
  readonly name: string
  /** Relative to the root, with forward slashes: `packages/store`. */
  readonly folder: string
  readonly manifest: Manifest
}

/** The repository this file belongs to. */
export const repositoryRoot = dirname(dirname(dirname(fileURLToPath(import.meta.url))))

/** Every package that pnpm-workspace.yaml names, in the order of its patterns. */
export function readWorkspace(root: string): WorkspacePackage[] {
  return workspacePatterns(readFileSync(join(root, 'pnpm-workspace.yaml'), 'utf8'))
    .flatMap((pattern) => expand(root, pattern))
    .map((folder) => {
      const manifest = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8')) as Manifest
      return { name: manifest.name, folder, manifest }
    })
}

/** The entries of `packages:`; the file is ours, so its plain form is relied on: one `- pattern` a line. */
export function workspacePatterns(yaml: string): string[] {
  const lines = yaml.split('\n')
  const start = lines.indexOf('packages:') + 1
  const length = lines.slice(start).findIndex((line) => !line.startsWith('  - '))
  return lines.slice(start, start + length).map((line) => line.slice(4).trim())
}

function expand(root: string, pattern: string): string[] {
  const parent = pattern.endsWith('/*') ? pattern.slice(0, -2) : undefined
  const folders =
    parent === undefined ? [pattern] : subfolders(join(root, parent)).map((name) => `${parent}/${name}`)
  return folders.filter((folder) => existsSync(join(root, folder, 'package.json')))
}

function subfolders(folder: string): string[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort()
}
