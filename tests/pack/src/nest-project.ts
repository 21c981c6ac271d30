import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { mustRun } from './command.js'
import { root } from './packed.js'

/** The versions of Nest that the transport promises; tests/nest-N holds the lockfile of each. */
export const NEST_VERSIONS = ['11', '12'] as const

/**
 * What the transport and its testing module need at run time: all of it is packed, so nothing of the
 * workspace is reached.
 */
const PACKED = [
  'env',
  'message',
  'remoting',
  'store',
  'nameserver',
  'broker',
  'client',
  'embedded',
  'nestjs',
  'testing',
] as const

/** Folders with tests. Those of the database parts stay out: they know no Nest, and need drivers. */
const TESTED: readonly (readonly [packageName: string, folder: string])[] = [
  ['nestjs', ''],
  ['nestjs', 'environment'],
  ['nestjs', 'opentelemetry'],
  ['nestjs', 'prometheus'],
  ['testing', 'nest'],
]

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
  copyQuickstart(join(project, 'src', 'readme'))
  cpSync(join(root, 'packages', 'nestjs', 'README.md'), join(project, 'src', 'README.md'))
  writeFileSync(join(project, 'jest.config.mjs'), jestConfig())
  writeFileSync(join(project, 'tsconfig.json'), JSON.stringify(typeCheck()))
}

function copyTests(destination: string): void {
  for (const [packageName, folder] of TESTED) {
    const from = join(root, 'packages', packageName, 'src', folder)
    const to = join(destination, packageName, folder)
    mkdirSync(to, { recursive: true })
    for (const name of readdirSync(from).filter((one) => /\.(test|fixture)\.ts$/.test(one))) {
      const text = readFileSync(join(from, name), 'utf8')
      writeFileSync(join(to, name), fromPackage(text, packageName, folder))
    }
  }
}

/** The code of the README, but for what is about databases. */
function copyQuickstart(destination: string): void {
  const from = join(root, 'packages', 'nestjs', 'src', 'readme')
  mkdirSync(destination)
  for (const name of readdirSync(from).filter((one) => one.endsWith('.fixture.ts'))) {
    const text = readFileSync(join(from, name), 'utf8')
    if (!text.includes('nestjs/typeorm')) writeFileSync(join(destination, name), text)
  }
}

/** Relative imports, but those of other test files, are the packed files. */
export function fromPackage(text: string, packageName: string, folder: string): string {
  const up = folder === '' ? '../..' : '../../..'
  const dist = `${up}/node_modules/@rockhopper/${packageName}/dist`
  return text.replaceAll(/from '(\.\.?\/[\w./-]+)\.js'/g, (whole, path: string) =>
    path.endsWith('.fixture') ? whole : `from '${dist}/${join(folder, path)}.js'`,
  )
}

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
  include: ['src/nestjs/*.types.test.ts', 'src/readme', 'types'],
})
