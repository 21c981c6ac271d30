import { execFile } from 'node:child_process'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { Admin, type ClientOptions, type MessageListener, Producer, PushConsumer } from '@rockhopper/client'
import { ApacheRocketMQ } from './apache.js'
import type { Cluster } from './cluster.js'
import { eventually } from './eventually.js'
import { describeWithTools } from './requirements.js'
import { removeTempDirs } from './temp.js'

const START_TIMEOUT_MS = 900_000
const TEST_TIMEOUT_MS = 60_000
const TOPIC = 'access_topic'
const BODY = '订单'
const USER = { accessKey: 'rockhopper', secretKey: '12345678' }
const AUTH = 'org.apache.rocketmq.auth'
/** Apache's servers make themselves a certificate that nobody vouches for. */
const TLS = { tls: { rejectUnauthorized: false } }
/** Java's first handshake takes seconds on a busy machine. */
const PATIENT = { connectTimeoutMs: 20_000, requestTimeoutMs: 20_000 }

const manifest = createRequire(import.meta.url).resolve('@rockhopper/cli/package.json')
const command = join(dirname(manifest), 'bin', 'rockhopper.js')

describeWithTools('an Apache broker that checks who calls (ACL 2.0), and speaks TLS, too', () => {
  let cluster: Cluster
  let namesrvAddr: string

  beforeAll(async () => {
    cluster = await ApacheRocketMQ.start({
      jvmArgs: ['-Dtls.server.mode=permissive', '-Dtls.test.mode.enable=true'],
      properties: {
        authenticationEnabled: true,
        authenticationMetadataProvider: `${AUTH}.authentication.provider.LocalAuthenticationMetadataProvider`,
        authorizationEnabled: true,
        authorizationMetadataProvider: `${AUTH}.authorization.provider.LocalAuthorizationMetadataProvider`,
        initAuthenticationUser: JSON.stringify({ username: USER.accessKey, password: USER.secretKey }),
        innerClientAuthenticationCredentials: JSON.stringify(USER),
      },
    })
    namesrvAddr = cluster.nameserver
  }, START_TIMEOUT_MS)
  afterAll(async () => {
    await cluster?.stop()
    removeTempDirs()
  }, TEST_TIMEOUT_MS)

  test(
    'takes what is signed, and hands it to a consumer that signs',
    async () => {
      expect(await sent({ namesrvAddr, acl: USER, ...TLS })).toMatchObject({ status: 'SEND_OK' })
      expect(await received({ namesrvAddr, acl: USER, ...TLS })).toBe(BODY)
    },
    TEST_TIMEOUT_MS,
  )

  test(
    'answers signed queries',
    async () => {
      const { messageId } = (await sent({ namesrvAddr, acl: USER })) as { readonly messageId: string }
      const admin = new Admin({ namesrvAddr, acl: USER, ...PATIENT })
      await admin.start()
      const found = await eventually('the message is indexed', TEST_TIMEOUT_MS, async () => {
        const [message] = await admin.queryMessages(TOPIC, messageId, { unique: true })
        return message
      })
      await admin.shutdown()
      expect(String(found.body)).toBe(BODY)
    },
    TEST_TIMEOUT_MS,
  )

  test(
    'answers the command line that signs, and no other',
    async () => {
      expect((await topicStatus(namesrvAddr, USER)).stdout).toContain('broker-a')
      for (const secretKey of ['wrong', '']) {
        const other = { accessKey: secretKey === '' ? '' : USER.accessKey, secretKey }
        await expect(topicStatus(namesrvAddr, other)).rejects.toMatchObject({ code: 1 })
      }
    },
    TEST_TIMEOUT_MS,
  )

  test(
    'refuses another secret, and what is not signed',
    async () => {
      const refused = { code: 'SEND_FAILED', responseCode: 16 }
      expect(await sent({ namesrvAddr, acl: { ...USER, secretKey: 'wrong' } })).toMatchObject(refused)
      expect(await sent({ namesrvAddr })).toMatchObject(refused)
    },
    TEST_TIMEOUT_MS,
  )
})

/** What the command line says. Rejects with its exit code. */
function topicStatus(namesrvAddr: string, { accessKey, secretKey }: typeof USER) {
  const words = [command, 'topicStatus', '-t', TOPIC, '-n', namesrvAddr]
  const env = { ...process.env, ROCKETMQ_ACCESS_KEY: accessKey, ROCKETMQ_SECRET_KEY: secretKey }
  return promisify(execFile)(process.execPath, words, { env })
}

/** The receipt, or the error. */
async function sent(options: ClientOptions): Promise<unknown> {
  const producer = new Producer({ producerGroup: 'access', ...PATIENT, ...options })
  await producer.start()
  try {
    const message = { topic: TOPIC, body: BODY, keys: ['k1'], properties: { a: '1=ä' } }
    return await producer.send(message, { timeoutMs: 20_000 })
  } catch (error) {
    return error
  } finally {
    await producer.shutdown()
  }
}

/** The body of the first message. */
async function received(options: ClientOptions): Promise<string> {
  const consumer = new PushConsumer({
    consumerGroup: 'access_group',
    consumeFromWhere: 'CONSUME_FROM_FIRST_OFFSET',
    ...PATIENT,
    ...options,
  })
  consumer.subscribe(TOPIC, '*')
  try {
    return await new Promise((resolve, reject) => {
      const listener: MessageListener = async ([message]) => {
        resolve(String(message?.body))
      }
      consumer.start(listener).catch(reject)
    })
  } finally {
    await consumer.shutdown()
  }
}
