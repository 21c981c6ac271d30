import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from '@jest/globals'
import { createNodeEnv } from '@rockhopper/env'
import { said } from '../captured-main.fixture.js'
import { type AccessOptions, accessOf, inOptions } from './access-options.js'

const folder = mkdtempSync(join(tmpdir(), 'rockhopper-access-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function fileOf(name: string): string {
  const path = join(folder, name)
  writeFileSync(path, `text of ${name}`)
  return path
}

const env = createNodeEnv()
const access = (options: AccessOptions, variables: Readonly<Record<string, string>> = {}) =>
  accessOf({ env, variables }, options)

test('without a word of it a client speaks plain text and signs nothing', () => {
  expect(access({})).toEqual({})
  expect(access({}, { ROCKETMQ_TLS: 'false', ROCKETMQ_ACCESS_KEY: '', ROCKETMQ_SECRET_KEY: '' })).toEqual({})
})

test('TLS is asked for, or said by what belongs to it; files are read', () => {
  expect(access({ tls: true })).toEqual({ tls: {} })
  expect(access({ insecure: true })).toEqual({ tls: { rejectUnauthorized: false } })
  const files = { ca: fileOf('ca'), cert: fileOf('cert'), key: fileOf('key') }
  expect(access({ ...files, servername: 'mq' })).toEqual({
    tls: { ca: 'text of ca', cert: 'text of cert', key: 'text of key', servername: 'mq' },
  })
  const variables = { ROCKETMQ_TLS: 'true', ROCKETMQ_TLS_SERVERNAME: 'mq' }
  expect(access({}, variables)).toEqual({ tls: { servername: 'mq' } })
})

test('keys come from options or the environment, options first', () => {
  const variables = { ROCKETMQ_ACCESS_KEY: 'a', ROCKETMQ_SECRET_KEY: 's' }
  expect(access({}, variables)).toEqual({ acl: { accessKey: 'a', secretKey: 's' } })
  expect(access({ accessKey: 'b' }, variables)).toEqual({ acl: { accessKey: 'b', secretKey: 's' } })
})

test.each([
  [['--access-key', 'a'], '--access-key and ROCKETMQ_SECRET_KEY (or --secret-key) belong together.'],
  [['--cert', '/no/cert'], '--cert and --key, its private key, belong together.'],
  [['--ca', '/no/ca'], "There is no file '/no/ca'. Check the path of --ca."],
])('%j is wrong usage, of topicList and of topics apply', async (words, told) => {
  const where = ['-n', '127.0.0.1:1', ...words]
  expect(await said('topicList', ...where)).toEqual({ code: 2, out: '', err: `${told}\n` })
  const file = join(folder, 'topics.yaml')
  writeFileSync(file, 'topics: []\n')
  expect(await said('topics', 'apply', '-f', file, ...where)).toEqual({ code: 2, out: '', err: `${told}\n` })
})

test('advice of the client is told in options of the command line', () => {
  expect(inOptions('set tls.cert and tls.key')).toBe('set --cert and --key')
  expect(inOptions('the server does not speak it on this port; leave tls out')).toContain('leave --tls out')
})
