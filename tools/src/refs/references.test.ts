import { describe, expect, test } from '@jest/globals'
import { type Manifest, type WorkspacePackage, workspacePatterns } from '../workspace.js'
import { findCycle, referencesOf, solution } from './references.js'

const one = (folder: string, manifest: Partial<Manifest> = {}): WorkspacePackage => ({
  name: `@x/${folder}`,
  folder,
  manifest: { name: `@x/${folder}`, ...manifest },
})

describe('project references', () => {
  const a = one('packages/a')
  const b = one('packages/b', {
    dependencies: { '@x/packages/a': 'workspace:*', other: '1.0.0' },
    devDependencies: { '@x/apps/shop/c': 'workspace:*' },
  })
  const c = one('apps/shop/c', { peerDependencies: { '@x/packages/b': 'workspace:*' } })

  test('they name dependencies and peers in the workspace, by relative path', () => {
    expect(referencesOf(b, [a, b, c])).toEqual([{ path: '../a' }])
    expect(referencesOf(c, [a, b, c])).toEqual([{ path: '../../../packages/b' }])
  })

  test('the solution names every package', () => {
    expect(solution([a, c]).references).toEqual([{ path: './packages/a' }, { path: './apps/shop/c' }])
  })

  test('a circle is found, also through a development dependency', () => {
    expect(findCycle([a, b])).toBeUndefined()
    expect(findCycle([a, b, c])).toEqual(['@x/packages/b', '@x/apps/shop/c', '@x/packages/b'])
  })
})

test('the patterns of the workspace file end where its list ends', () => {
  const yaml = 'packages:\n  - packages/*\n  - tools\n\npmOnFail: ignore\nother:\n  - no\n'
  expect(workspacePatterns(yaml)).toEqual(['packages/*', 'tools'])
})
