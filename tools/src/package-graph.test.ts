import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { repositoryRoot } from './workspace.js'

// Files planted in a copy of the layout, where every package has every other in its node_modules.
const ALLOWED: readonly (readonly [path: string, imported: string])[] = [
  ['packages/client/src/allowed.ts', '@rockhopper/remoting'],
  ['packages/broker/src/allowed.ts', '@rockhopper/store'],
  ['packages/embedded/src/allowed.ts', '@rockhopper/broker'],
  ['packages/nestjs/src/allowed.ts', '@rockhopper/client'],
  ['packages/nestjs/src/allowed.test.ts', '@rockhopper/embedded'],
  ['packages/testing/src/nest/allowed.ts', '@rockhopper/nestjs'],
  ['packages/client/src/allowed.test.ts', 'fast-check'],
  ['packages/store/src/allowed.test.ts', '@rockhopper/sim'],
  ['packages/store/src/allowed.fixture.ts', '@rockhopper/sim'],
  ['packages/testing/src/allowed.ts', '@rockhopper/sim'],
  ['packages/client/src/types-only.ts', './types-only-too.js'],
]
const FORBIDDEN: readonly (readonly [path: string, imported: string, rule: string])[] = [
  ['packages/client/src/a.ts', '@rockhopper/broker', 'level-2-client'],
  ['packages/broker/src/b.ts', '@rockhopper/client', 'level-2-broker'],
  ['packages/store/src/c.ts', '@rockhopper/remoting', 'level-1-store'],
  ['packages/store/src/o.ts', '@rockhopper/sim', 'level-1-store'],
  ['packages/store/src/p.test.ts', '@rockhopper/remoting', 'level-1-store-test'],
  ['packages/broker/src/q.ts', '@rockhopper/sim', 'sim-runs-only-tests'],
  ['packages/sim/src/r.ts', '@rockhopper/message', 'sim-imports-env'],
  ['packages/message/src/d.ts', '@rockhopper/env', 'level-0-message'],
  ['packages/nestjs/src/e.ts', '@rockhopper/embedded', 'level-3-nestjs'],
  ['packages/nestjs/src/f.test.ts', '@rockhopper/testing', 'level-3-nestjs-test'],
  ['packages/nestjs/src/g.ts', '@rockhopper/broker', 'fronts-work-through-client'],
  ['packages/client/src/h.ts', '@rockhopper/store', 'client-stays-out-of-server-parts'],
  ['packages/testing/src/i.ts', '@rockhopper/nestjs', 'testing-reaches-nestjs-only-in-nest'],
  ['packages/embedded/src/j.ts', '../../store/src/index.js', 'entered-through-an-entry'],
  ['packages/client/src/k.ts', 'fast-check', 'declared-dependency'],
  ['packages/client/src/l.ts', './nowhere.js', 'not-resolved'],
  ['packages/client/src/m.ts', './m.js', 'no-cycle'],
  ['apps/shop/order/src/n.ts', '../../payment/src/main.js', 'no-app-imports-an-app'],
]
const PACKAGES = [
  ...['env', 'message', 'remoting', 'store', 'sim'],
  ...['broker', 'client', 'nestjs', 'embedded', 'testing'],
]

describe('the package graph', () => {
  let root = ''
  const violations = new Map<string, string[]>()
  const write = (path: string, text: string): void => {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }

  beforeAll(() => {
    root = mkdtempSync(join(tmpdir(), 'graph-'))
    write('tsconfig.check.json', '{"compilerOptions":{"module":"NodeNext"}}')
    write('apps/shop/payment/src/main.ts', 'export {}')
    symlinkSync(join(repositoryRoot, 'node_modules'), join(root, 'node_modules'))
    for (const name of PACKAGES) plantPackage(name)
    for (const [path, imported] of [...ALLOWED, ...FORBIDDEN]) write(path, `import '${imported}'\n`)
    write('packages/client/src/types-only-too.ts', "import type {} from './types-only.js'\n")
    for (const { from, rule } of cruise(root))
      violations.set(from, [...(violations.get(from) ?? []), rule.name])
  })
  afterAll(() => rmSync(root, { recursive: true }))

  function plantPackage(name: string): void {
    const exports = { '.': { types: './dist/index.d.ts', default: './dist/index.js' } }
    const dependencies = Object.fromEntries(PACKAGES.map((other) => [`@rockhopper/${other}`, '*']))
    write(
      `packages/${name}/package.json`,
      JSON.stringify({ name: `@rockhopper/${name}`, exports, dependencies }),
    )
    write(`packages/${name}/dist/index.d.ts`, 'export {}')
    write(`packages/${name}/src/index.ts`, 'export {}')
    const scope = join(root, `packages/${name}/node_modules/@rockhopper`)
    mkdirSync(scope, { recursive: true })
    for (const other of PACKAGES) symlinkSync(join(root, 'packages', other), join(scope, other))
  }

  test.each(ALLOWED)('%s may import %s', (path) => {
    expect(violations.get(path)).toBeUndefined()
  })

  test.each(FORBIDDEN)('%s may not import %s', (path, _imported, rule) => {
    expect(violations.get(path)).toContain(rule)
  })
})

interface Violation {
  readonly from: string
  readonly rule: { readonly name: string }
}

function cruise(root: string): readonly Violation[] {
  const depcruise = join(repositoryRoot, 'node_modules/.bin/depcruise')
  const config = join(repositoryRoot, '.dependency-cruiser.cjs')
  const flags = ['--config', config, '-T', 'json', 'packages', 'apps']
  const { stdout } = spawnSync(depcruise, flags, { cwd: root, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 })
  const { summary } = JSON.parse(stdout) as { summary: { violations: readonly Violation[] } }
  return summary.violations
}
