import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { Producer, PushConsumer } from '@rockhopper/client'
import { EmbeddedRocketMQ } from '@rockhopper/embedded'
import { LogShipper } from '@rockhopper/log-transport'
import { ClientRocketMQ, type RocketMQClientOptions } from '@rockhopper/nestjs'
import { until } from './service.fixture.js'
import { CERT, MEMBER, mutualTlsEnv, SERVER_NAME, STRANGER } from './tls.fixture.js'

const server = { ca: CERT, servername: SERVER_NAME }

let mq: EmbeddedRocketMQ
beforeAll(async () => {
  mq = await EmbeddedRocketMQ.start({ topics: ['order_topic'], env: mutualTlsEnv() })
})
afterAll(() => mq?.stop())

async function sent(tls: NonNullable<RocketMQClientOptions['tls']>): Promise<unknown> {
  const client = new ClientRocketMQ({ namesrvAddr: mq.nameserverAddress, connectAttempts: 1, tls })
  const outcome = await client.publish('order_topic', { id: 1 }).catch((error: unknown) => error)
  await client.close()
  return outcome
}

test('clients with the certificate that the cluster wants send and consume', async () => {
  const options = { namesrvAddr: mq.nameserverAddress, tls: { ...server, ...MEMBER } }
  const seen: string[] = []
  const consumer = new PushConsumer({
    ...options,
    consumerGroup: 'mutual',
    consumeFromWhere: 'CONSUME_FROM_FIRST_OFFSET',
  })
  consumer.subscribe('order_topic')
  await consumer.start((messages) => {
    for (const { body } of messages) seen.push(body.toString())
  })
  const producer = new Producer({ ...options, producerGroup: 'mutual' })
  await producer.start()
  await producer.send({ topic: 'order_topic', body: 'plain' })
  expect(await sent(options.tls)).toMatchObject({ status: 'SEND_OK' })
  await until('both came', () => seen.length === 2)
  expect(seen.sort()).toEqual(['plain', '{"id":1}'])
  await producer.shutdown()
  await consumer.shutdown()
}, 60_000)

test('without it, with one of somebody else, or without trust the error names what to set', async () => {
  const told = async (tls: Parameters<typeof sent>[0]) => String(await sent(tls))
  expect(await told(server)).toContain('set tls.cert and tls.key')
  // A server on Node closes behind the handshake and says nothing; others send an alert (tls-hint.test.ts).
  expect(await told({ ...server, ...STRANGER })).toContain('check who signed tls.cert')
  expect(await told({ ...MEMBER, servername: SERVER_NAME })).toContain('set tls.ca')
  expect(await told({ ...MEMBER, ca: CERT, servername: 'other.test' })).toContain('set tls.servername')
}, 60_000)

const manifest = createRequire(import.meta.url).resolve('@rockhopper/cli/package.json')
const command = join(dirname(manifest), 'bin', 'rockhopper.js')

/** What the command line says to somebody with this certificate: the exit code and both streams. */
async function rockhopper(folder: string, { key, cert }: typeof MEMBER, ...words: string[]) {
  const pem = { ca: CERT, cert, key }
  for (const [name, text] of Object.entries(pem)) writeFileSync(join(folder, name), text)
  const files = Object.keys(pem).flatMap((name) => [`--${name}`, join(folder, name)])
  const all = [command, ...words, '-n', mq.nameserverAddress, ...files, '--servername', SERVER_NAME]
  return promisify(execFile)(process.execPath, all).then(
    ({ stdout }) => ({ code: 0, text: stdout }),
    ({ code, stderr }: { code: number; stderr: string }) => ({ code, text: stderr }),
  )
}

test('the command line gets in with the certificate, and names its own options without', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'rockhopper-cli-tls-'))
  try {
    const fine = await rockhopper(folder, MEMBER, 'topicList')
    expect([fine.code, fine.text.split('\n')]).toEqual([0, expect.arrayContaining(['order_topic'])])
    const refused = await rockhopper(folder, STRANGER, 'topicList')
    expect(refused).toEqual({ code: 1, text: expect.stringContaining('check who signed --cert') })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}, 60_000)

test('lines of a log get there with the certificate', async () => {
  const tls = { ...server, ...MEMBER }
  const shipper = new LogShipper({ namesrvAddr: mq.nameserverAddress, service: 'shop', tls })
  shipper.take({ level: 'info', message: 'open for business' })
  expect(await shipper.flush()).toBe(true)
  await shipper.close()
}, 60_000)
