import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { mustRun, run } from './command.js'
import { installNode, NODE_VERSIONS, nodePackage } from './old-nodes.js'
import { installPacked, publishedPackages, root } from './packed.js'
import { type SnippetServer, startSnippetServer } from './snippet-server.js'
import { canRun, snippetsOf } from './snippets.js'

const packages = publishedPackages()
const pages = [
  ...['README.md', 'README.zh-CN.md'].map((name) => ({
    name,
    markdown: readFileSync(join(root, name), 'utf8'),
  })),
  ...packages.map(({ name, readme }) => ({ name, markdown: readme })),
]
/** What `nest new` wrote until Nest 11: types are found by `types` and `typesVersions`, not by `exports`. */
const CLASSIC = {
  target: 'ES2022',
  module: 'commonjs',
  moduleResolution: 'node10',
  ignoreDeprecations: '6.0',
  strict: true,
  skipLibCheck: true,
  types: ['node'],
}
let project: string
let tarballs: string[]
let server: SnippetServer

beforeAll(async () => {
  project = mkdtempSync(join(tmpdir(), 'rockhopper-pack-'))
  tarballs = await installPacked(project, packages)
  server = await startSnippetServer(project)
}, 600_000)

afterAll(async () => {
  await server?.stop()
  rmSync(project, { recursive: true, force: true })
})

const bin = (name: string): string => join(root, 'node_modules', '.bin', name)

describe('the tarballs', () => {
  test('hold what they should: publint has nothing to say', async () => {
    for (const file of tarballs) await mustRun(bin('publint'), [file, '--strict'], project)
  })

  test('have types that resolve the way Node and bundlers look for them', async () => {
    for (const file of tarballs)
      await mustRun(bin('attw'), [file, '--profile', 'esm-only', '--no-emoji'], project)
  }, 300_000)
})

describe('installed with plain npm', () => {
  const lines = packages.flatMap(({ entries }) => entries).map((entry) => `import ${JSON.stringify(entry)}`)
  const entries = `import 'reflect-metadata'\n${lines.join('\n')}\nconsole.log('all imported')\n`

  test('every entry imports', async () => {
    writeFileSync(join(project, 'entries.mjs'), entries)
    expect(await mustRun(process.execPath, ['entries.mjs'], project)).toContain('all imported')
  })

  test('every entry is found by the older resolution, and required from CommonJS', async () => {
    const folder = join(project, 'classic')
    mkdirSync(folder)
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ type: 'commonjs' }))
    const entry = packages.flatMap((one) => one.entries)
    const imports = entry.map((name, n) => `import * as e${n} from ${JSON.stringify(name)}`)
    const used = entry.map((_, n) => `typeof e${n}`).join(', ')
    writeFileSync(
      join(folder, 'main.ts'),
      `import 'reflect-metadata'\n${imports.join('\n')}\nconsole.log(new Set([${used}]))\n`,
    )
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions: CLASSIC }))
    await mustRun(join(project, 'node_modules', '.bin', 'tsc'), ['-p', '.'], folder)
    expect(await mustRun(process.execPath, ['main.js'], folder)).toContain("Set(1) { 'object' }")
  }, 120_000)

  const carrier = nodePackage(process.platform, process.arch)
  for (const version of NODE_VERSIONS) {
    const check = carrier === undefined ? test.skip : test
    check(
      `every entry imports, and a message is sent and answered for, on Node ${version}`,
      async () => {
        const node = await installNode(project, carrier ?? '', version)
        writeFileSync(join(project, 'entries.mjs'), entries)
        expect(await mustRun(node, ['--version'], project)).toContain(`v${version}`)
        expect(await mustRun(node, ['entries.mjs'], project)).toContain('all imported')
        const snippet = snippetsOf(packages.find(({ name }) => name.endsWith('/embedded'))?.readme ?? '')[0]
        writeFileSync(join(project, 'embedded.mjs'), snippet?.code ?? '')
        expect(await mustRun(node, ['embedded.mjs'], project)).toContain('SEND_OK')
      },
      200_000,
    )
  }

  test('the binary says its version and explains itself', async () => {
    const rockhopper = join(project, 'node_modules', '.bin', 'rockhopper')
    expect(await mustRun(rockhopper, ['--version'], project)).toMatch(/\d+\.\d+\.\d+/)
    expect(await mustRun(rockhopper, ['--help'], project)).toContain('server')
    expect((await run(rockhopper, ['serve'], project)).code).toBe(2)
  })
})

describe('the code in the READMEs', () => {
  // B31
  test('compiles under strict', async () => {
    const folder = join(project, 'snippets')
    mkdirSync(folder)
    for (const { name, markdown } of pages) {
      for (const { code, language, line } of snippetsOf(markdown)) {
        const file = `${name.replace(/\W+/g, '-')}-line-${line}.${language === 'ts' ? 'mts' : 'mjs'}`
        writeFileSync(join(folder, file), `${code}\nexport {}\n`)
      }
    }
    writeFileSync(
      join(project, 'tsconfig.json'),
      JSON.stringify({
        compilerOptions: {
          target: 'ES2022',
          lib: ['ES2023', 'ESNext.Disposable'],
          module: 'NodeNext',
          strict: true,
          skipLibCheck: false,
          noEmit: true,
          allowJs: true,
          checkJs: true,
          experimentalDecorators: true,
          emitDecoratorMetadata: true,
          types: ['node'],
        },
        include: ['snippets'],
      }),
    )
    await mustRun(join(project, 'node_modules', '.bin', 'tsc'), ['-p', '.'], project)
  }, 120_000)

  for (const { name, markdown } of pages) {
    for (const snippet of snippetsOf(markdown).filter(canRun)) {
      test(`runs: ${name}, line ${snippet.line}`, async () => {
        const suffix = snippet.language === 'ts' ? 'mts' : 'mjs'
        const file = `run-${snippet.line}-${name.replace(/\W+/g, '-')}.${suffix}`
        // The pages name the well-known port; here nobody may rely on it.
        const code = snippet.code.replaceAll('127.0.0.1:9876', server.nameserverAddress)
        // A folder of its own: what one page stores is not in another's way.
        const folder = mkdtempSync(join(project, 'run-'))
        writeFileSync(join(folder, file), code)
        const flags = ['--disable-warning=ExperimentalWarning']
        const ended = await run(process.execPath, [...flags, file], folder, {}, 30_000)
        expect(ended.code === 0 ? '' : ended.output).toBe('')
      }, 60_000)
    }
  }
})
