import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { mustRun } from './command.js'

export const root = join(import.meta.dirname, '..', '..', '..')

export interface PublishedPackage {
  readonly name: string
  readonly folder: string
  /** What a user imports: the package and its subpaths. */
  readonly entries: readonly string[]
  readonly readme: string
}

/** The packages that would be published, as their folders say now. */
export function publishedPackages(): PublishedPackage[] {
  return readdirSync(join(root, 'packages'))
    .sort()
    .map((folder) => {
      const path = join(root, 'packages', folder)
      const manifest = JSON.parse(readFileSync(join(path, 'package.json'), 'utf8')) as {
        readonly name: string
        readonly exports: Readonly<Record<string, unknown>>
      }
      const entries = Object.keys(manifest.exports)
        .filter((entry) => entry !== './package.json')
        .map((entry) => (entry === '.' ? manifest.name : `${manifest.name}/${entry.slice(2)}`))
      return {
        name: manifest.name,
        folder: path,
        entries,
        readme: readFileSync(join(path, 'README.md'), 'utf8'),
      }
    })
}

/** What users install beside the packages: the peers of the transport, and a compiler for the snippets. */
const BESIDE = [
  '@nestjs/common@12.1.1',
  '@nestjs/core@12.1.1',
  '@nestjs/microservices@12.1.1',
  '@nestjs/platform-express@12.1.1',
  '@nestjs/testing@12.1.1',
  '@opentelemetry/api@1.10.0',
  'prom-client@15.1.3',
  'reflect-metadata@0.2.2',
  'testcontainers@12.2.0',
  'rxjs@7.8.2',
  'typeorm@1.1.1',
  'typescript@6.0.3',
  '@types/node@24.19.2',
]

/** Packs every package and installs the tarballs with plain npm in an empty project. Returns the tarballs. */
export async function installPacked(
  project: string,
  packages: readonly PublishedPackage[],
): Promise<string[]> {
  const tarballs = join(project, 'tarballs')
  mkdirSync(tarballs, { recursive: true })
  const pnpm = join(root, 'node_modules', '.bin', 'pnpm')
  for (const { folder } of packages) {
    await mustRun(pnpm, ['pack', '--pack-destination', tarballs], folder)
  }
  const files = readdirSync(tarballs).map((file) => join(tarballs, file))
  writeFileSync(
    join(project, 'package.json'),
    JSON.stringify({ name: 'empty', private: true, type: 'module' }),
  )
  const flags = [
    'install',
    '--no-audit',
    '--no-fund',
    '--no-package-lock',
    '--prefer-offline',
    '--legacy-peer-deps',
  ]
  await mustRun('npm', [...flags, ...files, ...BESIDE], project, {}, 400_000)
  return files
}
