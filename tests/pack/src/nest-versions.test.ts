import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { mustRun } from './command.js'
import { fromPackage, makeNestProject, NEST_VERSIONS, packTransport } from './nest-project.js'
import { root } from './packed.js'

let folder: string
let tarballs: ReadonlyMap<string, string>

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'rockhopper-nest-'))
  tarballs = await packTransport(folder)
}, 200_000)

afterAll(() => rmSync(folder, { recursive: true, force: true }))

for (const version of NEST_VERSIONS) {
  describe(`the packed transport on Nest ${version}`, () => {
    const project = () => join(folder, `nest-${version}`)

    beforeAll(() => makeNestProject(project(), version, tarballs), 300_000)

    test(`sees Nest ${version}`, async () => {
      const program = `
        import { readFileSync } from 'node:fs'
        import { createRequire } from 'node:module'
        const inside = createRequire(import.meta.resolve('@rockhopper/nestjs'))
        for (const name of ['@nestjs/common', '@nestjs/core', '@nestjs/microservices']) {
          const path = inside.resolve(name)
          const folder = path.slice(0, path.indexOf(name) + name.length)
          console.log(JSON.parse(readFileSync(folder + '/package.json')).version.split('.')[0])
        }`
      const said = await mustRun(process.execPath, ['--input-type=module', '--eval', program], project())
      expect(said.trim().split('\n')).toEqual([version, version, version])
    })

    test('passes its own tests', async () => {
      const jest = join(root, 'node_modules', 'jest', 'bin', 'jest.js')
      const flags = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning']
      const said = await mustRun(process.execPath, [...flags, jest, '--no-cache'], project(), {}, 280_000)
      expect(said).toMatch(/Tests: +\d{2,} passed/)
    }, 300_000)

    // B31, B32
    test('compiles every form of its decorators, and the code of its README, under strict', async () => {
      await mustRun(join(root, 'node_modules', '.bin', 'tsc'), ['-p', '.'], project())
    }, 100_000)
  })
}

test('imports of the tested files are taken from the package, those of other fixtures are not', () => {
  const text = "import { a } from './server.js'\nimport { b } from '../server.fixture.js'"
  const dist = '../../../node_modules/@rockhopper/nestjs/dist/environment'
  expect(fromPackage(text, 'nestjs', 'environment')).toBe(text.replace('./server.js', `${dist}/server.js`))
})
