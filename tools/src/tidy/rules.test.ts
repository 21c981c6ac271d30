import { describe, expect, test } from '@jest/globals'
import { catches } from './catches.js'
import { effectsThroughEnv } from './effects.js'
import { focusedTests, machinePaths, openEnds } from './leftovers.js'
import { emptyNames } from './names.js'
import { RULES } from './rules.js'
import { decoratorsOnlyInNest, noAbstractEnumNamespace, noBarrels, noExtends } from './shape.js'
import { fileLength, functionLength, lineLength } from './size.js'
import type { Rule } from './source.js'

const find = (rule: Rule, text: string, path?: string): string[] =>
  rule
    .check({ path: path ?? 'packages/store/src/commit-log.ts', text })
    .map(({ line, message }) => `${line}: ${message}`)
const lines = (count: number): string => '\n'.repeat(count - 1)

/** For each rule, sources that break it and sources like them that do not: [text, path?]. */
type Example = readonly [text: string, path?: string]
const EXAMPLES: readonly (readonly [Rule, { bad: readonly Example[]; good: readonly Example[] }])[] = [
  [
    fileLength,
    {
      bad: [[`${lines(401)}x`]],
      good: [[`${lines(400)}x\n`], [`${lines(401)}x`, 'packages/store/src/generated/codes.ts']],
    },
  ],
  [
    lineLength,
    { bad: [[`// ${'x'.repeat(108)}`]], good: [[`// ${'x'.repeat(107)}`], ['x'.repeat(200), 'a.md']] },
  ],
  [
    functionLength,
    {
      bad: [[`function f() {${lines(71)}}`], [`test('x', () => {${lines(71)}})`, 'packages/a/src/x.test.ts']],
      good: [
        [`function f() {${lines(70)}}`],
        [`describe('x', () => {${lines(90)}})`, 'packages/a/src/x.test.ts'],
      ],
    },
  ],
  [
    emptyNames,
    {
      bad: [
        ['', 'packages/store/src/utils.ts'],
        ['', 'packages/store/src/file-helper.test.ts'],
        ['', 'packages/store/src/common/log.ts'],
        ['', 'packages/broker/src/topic-manager.ts'],
      ],
      good: [
        ['', 'packages/store/src/utilisation.ts'],
        ['', 'tsconfig.base.json'],
      ],
    },
  ],
  [
    noExtends,
    {
      bad: [
        ['class A extends B {}'],
        ['class A extends MqError {}'],
        ['const a = class extends EventEmitter {}', 'apps/demo/src/main.ts'],
        ["import { Server } from '@nestjs/microservices'\nclass A extends Server {}"],
      ],
      good: [
        ['class A extends Error {}'],
        ['interface A extends B {}'],
        ['class A<T extends B> {}'],
        [
          "import { Server } from '@nestjs/microservices'\nclass A extends Server {}",
          'packages/nestjs/src/server.ts',
        ],
      ],
    },
  ],
  [
    noAbstractEnumNamespace,
    {
      bad: [['abstract class A {}'], ['enum A { B }'], ['const enum A { B }'], ['namespace A {}']],
      good: [
        ["declare module 'x' { interface A {} }"],
        ['declare global { interface A {} }'],
        ['const abstract = 1'],
      ],
    },
  ],
  [
    decoratorsOnlyInNest,
    {
      bad: [['@Injectable()\nclass A {}'], ['class A { constructor(@Inject() b: B) {} }']],
      good: [['@Injectable()\nclass A {}', 'apps/shop/order/src/order.service.ts']],
    },
  ],
  [
    noBarrels,
    {
      bad: [
        ["export * from './a.js'"],
        ["export { a } from './a.js'", 'packages/store/src/log/deep/index.ts'],
      ],
      good: [
        ["export * from './a.js'", 'packages/store/src/index.ts'],
        ["export * from './a.js'", 'packages/client/src/api/index.ts'],
        ['export { a }'],
      ],
    },
  ],
  [
    effectsThroughEnv,
    {
      bad: [
        ['Date.now()'],
        ['new Date()'],
        ['Date()'],
        ['setTimeout(f, 1)'],
        ['globalThis.setInterval(f, 1)'],
        ['Math.random()'],
        ['performance.now()'],
        ['process.exit(1)'],
        ['process.exit(1)', 'packages/broker/src/bin/broker.ts'],
        ["import { readFileSync } from 'node:fs'"],
        ["import net from 'net'"],
        ["import { Worker } from 'node:worker_threads'"],
        ["import { inflate } from 'node:zlib'"],
        ["import * as zlib from 'node:zlib'\nzlib.deflate(b, f)"],
        ["import { randomBytes } from 'node:crypto'"],
        ['Date.now()', 'packages/env/src/env.ts'],
      ],
      good: [
        ['new Date(timestamp)'],
        ["import * as zlib from 'node:zlib'\nzlib.crc32(b); zlib.inflateSync(b)"],
        ["import { createHash } from 'node:crypto'"],
        ["import type { Socket } from 'node:net'"],
        ['process.argv', 'packages/broker/src/bin/broker.ts'],
        ['Date.now()', 'packages/env/src/node/node-clock.ts'],
        ['Date.now()', 'packages/cli/src/server.ts'],
        ["import { readFileSync } from 'node:fs'", 'packages/store/src/commit-log.test.ts'],
      ],
    },
  ],
  [
    catches,
    {
      bad: [
        ['try { f() } catch {}'],
        ['try { await f() } catch (error) { log.warn(error) }'],
        ['try { f(); g() } catch (error) { throw new MqError(error) }'],
        ['f().catch(() => {})'],
        ['f().catch(() => undefined)'],
      ],
      good: [
        ['try { f() } catch { return undefined }'],
        ["try { await f() } catch (error) { if (error.code === 'ENOENT') return; throw error }"],
        ['try { f(); g() } catch (error) { rethrowAssertion(error); log.warn(error) }'],
        ['try { f(); g() } catch (error) { this.#fail(error) }'],
        ['try { await handle() } catch (error) { retry(error) }', 'packages/nestjs/src/server.ts'],
        ['f().catch((error) => this.#fail(error))'],
        ['try { await f() } catch {}', 'packages/store/src/commit-log.test.ts'],
      ],
    },
  ],
  [
    machinePaths,
    {
      bad: [
        [`see ${'/wo'}rk/main`, 'README.md'],
        [`resolved: https://registry.${'npmjs'}.org/x`, 'pnpm-lock.yaml'],
      ],
      good: [['a/work/b'], ['https://www.npmjs.com/package/x', 'README.md'], ['docker/root/x']],
    },
  ],
  [openEnds, { bad: [[`// ${'TO'}DO: later`]], good: [['const todos = []'], ['TO' + 'DO', 'a.md']] }],
  [
    focusedTests,
    {
      bad: [["test.only('x', () => {})", 'packages/a/src/x.test.ts']],
      good: [["test('only x', () => {})", 'packages/a/src/x.test.ts']],
    },
  ],
]

test('every rule has examples here', () => {
  expect(EXAMPLES.map(([rule]) => rule.name).sort()).toEqual(RULES.map(({ name }) => name).sort())
})

const CASES = EXAMPLES.map(([rule, { bad, good }]) => {
  const list = (examples: readonly Example[]) => examples.map(([text, path]) => ({ text, path }))
  return { name: rule.name, rule, bad: list(bad), good: list(good) }
})

describe.each(CASES)('$name', ({ rule, bad, good }) => {
  test.each(bad)('a violation is found in $text $path', ({ text, path }) => {
    expect(find(rule, text, path)).toHaveLength(1)
  })

  test.each(good)('nothing is found in $text $path', ({ text, path }) => {
    expect(find(rule, text, path)).toEqual([])
  })
})

test('a finding names the line', () => {
  expect(find(effectsThroughEnv, 'const a = 1\nconst b = Date.now()\n')).toEqual(['2: Date.now'])
})
