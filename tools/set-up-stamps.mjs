// What makes a second set-up fast: fingerprints of what the last installation and build were made from.
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'

const WORKSPACE = ['packages', 'apps', 'tests', 'tools']
const COMPILER_SETTINGS = ['tsconfig.json', 'tsconfig.base.json', 'tsconfig.nest.json']
const INSTALL_INPUTS = ['package.json', 'pnpm-lock.yaml', 'pnpm-workspace.yaml', '.pnpmfile.cjs']

/** The lockfile names every package of the workspace with its dependencies: all package.json in one file. */
export function installFingerprint(root) {
  const hash = createHash('sha256').update(`${process.platform} ${process.arch}\n`)
  for (const name of INSTALL_INPUTS) hash.update(readFileSync(join(root, name)))
  return hash.digest('hex')
}

/** Path, size and time of every file the compiler reads. */
export function buildFingerprint(root) {
  const hash = createHash('sha256').update(installFingerprint(root))
  for (const folder of compiledFolders(root)) {
    for (const file of ['package.json', 'tsconfig.json']) hash.update(readFileSync(join(folder, file)))
    for (const file of filesBelow(join(folder, 'src'))) {
      const { size, mtimeMs } = statSync(file)
      hash.update(`${relative(root, file)} ${size} ${mtimeMs}\n`)
    }
  }
  for (const name of COMPILER_SETTINGS) hash.update(readFileSync(join(root, name)))
  return hash.digest('hex')
}

/** The sources of the demo's page, and what the lockfile says about its libraries. */
export function pageFingerprint(root) {
  const hash = createHash('sha256').update(installFingerprint(root))
  const web = join(root, 'apps', 'demo', 'web')
  for (const file of ['index.html', 'vite.config.mjs', 'tsconfig.json'])
    hash.update(readFileSync(join(web, file)))
  for (const file of filesBelow(join(web, 'src'))) {
    const { size, mtimeMs } = statSync(file)
    hash.update(`${relative(root, file)} ${size} ${mtimeMs}\n`)
  }
  return hash.digest('hex')
}

/** False after somebody deleted a dist folder, or when a package was never compiled. */
export function isCompiled(root) {
  return compiledFolders(root).every((folder) => existsSync(join(folder, 'dist', '.tsbuildinfo')))
}

export function isCurrent(root, name, fingerprint) {
  const stamp = stampFile(root, name)
  return existsSync(stamp) && readFileSync(stamp, 'utf8') === fingerprint
}

export function remember(root, name, fingerprint) {
  const stamp = stampFile(root, name)
  mkdirSync(dirname(stamp), { recursive: true })
  writeFileSync(stamp, fingerprint)
}

/** The compiler leaves the output of a deleted source behind, and a test would go on importing it. */
export function forgetDeletedSources(root) {
  for (const folder of compiledFolders(root)) {
    const dist = join(folder, 'dist')
    for (const file of filesBelow(dist)) {
      const match = /^(.*?)(\.d\.ts|\.js)(\.map)?$/.exec(relative(dist, file))
      if (match === null) continue
      const source = join(folder, 'src', match[1])
      if (!existsSync(`${source}.ts`) && !existsSync(`${source}.tsx`)) rmSync(file)
    }
  }
}

// In node_modules, so that it goes when the installation goes.
function stampFile(root, name) {
  return join(root, 'node_modules', '.cache', 'rockhopper', `${name}.stamp`)
}

function compiledFolders(root) {
  const found = []
  const visit = (folder, depth) => {
    if (existsSync(join(folder, 'tsconfig.json'))) found.push(folder)
    else if (depth > 0) for (const child of subfolders(folder)) visit(child, depth - 1)
  }
  for (const top of WORKSPACE) visit(join(root, top), 2)
  return found
}

function subfolders(folder) {
  if (!existsSync(folder)) return []
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name !== 'node_modules' && !entry.name.startsWith('.'))
    .map((entry) => join(folder, entry.name))
    .sort()
}

function filesBelow(folder) {
  if (!existsSync(folder)) return []
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    .sort()
}
