import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { INTEROP_DIR, springApplication } from './build-cache.js'
import { describeWithTools } from './requirements.js'
import { run } from './run.js'
import { removeTempDirs, tempDir } from './temp.js'

const BUILD_TIMEOUT_MS = 900_000
const TEST_TIMEOUT_MS = 120_000

describeWithTools('the guide for those who come from rocketmq-spring', () => {
  let classPath: string

  beforeAll(async () => {
    classPath = await springApplication()
  }, BUILD_TIMEOUT_MS)
  afterAll(() => removeTempDirs())

  test(
    'has Java code that compiles',
    async () => {
      const page = readFileSync(
        join(INTEROP_DIR, '..', '..', 'docs', 'migrate-from-rocketmq-spring.md'),
        'utf8',
      )
      const classes = [...page.matchAll(/^```java\n(.*?)^```$/gms)].map(([, code = '']) => code)
      expect(classes.length).toBeGreaterThan(0)
      const folder = tempDir('spring-guide')
      const files = classes.map((code) => {
        const file = join(folder, `${/^public class (\w+)/m.exec(code)?.[1]}.java`)
        writeFileSync(file, code)
        return file
      })
      mkdirSync(join(folder, 'classes'))
      await run('javac', ['-cp', classPath, '-d', join(folder, 'classes'), ...files], { cwd: folder })
    },
    TEST_TIMEOUT_MS,
  )
})
