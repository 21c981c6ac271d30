import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { mustRun } from './command.js'
import { root } from './packed.js'

/** The versions of Nest that the transport promises; tests/nest-N holds the lockfile of each. */
export const NEST_VERSIONS = ['11', '12'] as const

/** What the transport needs at run time: all of it is packed, so nothing of the workspace is reached. */
const PACKED = ['env', 'message', 'remoting', 'client', 'nestjs'] as const

const transport = join(root, 'packages', 'nestjs', 'src')

/** Packs the transport and what it needs. Returns the tarballs by package. */
export async function packTransport(folder: string): Promise<ReadonlyMap<string, string>> {
  const pnpm = join(root, 'node_modules', '.bin', 'pnpm')
  const tarballs = new Map<string, string>()
  for (const name of PACKED) {
    const destination = join(folder, name)
    mkdirSync(destination, { recursive: true })
    await mustRun(pnpm, ['pack', '--pack-destination', destination], join(root, 'packages', name))
    tarballs.set(name, join(destination, readdirSync(destination)[0] ?? ''))
  }
  return tarballs
}

/**
 * A project with one version of Nest by its own lockfile, the packed transport, and the transport's tests,
 * which import it from there. Only the test runner is the workspace's.
 */
export async function makeNestProject(
  project: string,
  version: string,
  tarballs: ReadonlyMap<string, string>,
): Promise<void> {
  cpSync(join(root, 'tests', `nest-${version}`), project, { recursive: true })
  const flags = ['ci', '--no-audit', '--no-fund', '--prefer-offline', '--ignore-scripts']
  await mustRun('npm', flags, project, {}, 200_000)
  for (const [name, tarball] of tarballs) {
    const home = join(project, 'node_modules', '@rockhopper', name)
    mkdirSync(home, { recursive: true })
    await mustRun('tar', ['-xzf', tarball, '--strip-components=1', '-C', home], project)
  }
  copyTests(join(project, 'src'))
  writeFileSync(join(project, 'jest.config.mjs'), jestConfig())
  writeFileSync(join(project, 'tsconfig.json'), JSON.stringify(typeCheck()))
}

/** Tests of the database parts stay out: they know no Nest, and need drivers. */
function copyTests(destination: string): void {
  mkdirSync(destination, { recursive: true })
  const names = readdirSync(transport).filter((name) => /\.(test|fixture)\.ts$/.test(name))
  for (const name of names) {
    const text = readFileSync(join(transport, name), 'utf8')
    writeFileSync(join(destination, name), fromPackage(text))
  }
}

/** Relative imports, but those of other test files, are the packed files. */
export const fromPackage = (text: string): string =>
  text.replaceAll(/from '\.\/([\w./-]+)\.js'/g, (whole, path: string) =>
    path.endsWith('.fixture') ? whole : `from '../node_modules/@rockhopper/nestjs/dist/${path}.js'`,
  )

const jestConfig = (): string => `import base from ${JSON.stringify(join(root, 'tools', 'jest.config.mjs'))}
const [[pattern, [, options]]] = Object.entries(base.transform)
const swc = ${JSON.stringify(join(root, 'node_modules', '@swc', 'jest', 'index.js'))}
export default { ...base, rootDir: import.meta.dirname, transform: { [pattern]: [swc, options] } }
`

const typeCheck = () => ({
  compilerOptions: {
    target: 'ES2022',
    lib: ['ES2023', 'ESNext.Disposable'],
    module: 'NodeNext',
    strict: true,
    skipLibCheck: true,
    noEmit: true,
    experimentalDecorators: true,
    emitDecoratorMetadata: true,
    types: ['node'],
    typeRoots: [join(root, 'node_modules', '@types')],
    paths: { '@jest/globals': [join(root, 'node_modules/@jest/globals/build/index.d.ts')] },
  },
  include: ['src/*.types.test.ts', 'types'],
})
