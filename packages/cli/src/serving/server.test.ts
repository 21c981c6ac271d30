import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from '@jest/globals'
import { Producer, PushConsumer } from '@rockhopper/client'
import { Workplace } from '../rockhopper.fixture.js'

const work = new Workplace()
const FREE_PORTS = ['--nameserver-port', '0', '--broker-port', '0', '--exit-with-input']

afterEach(() => work.clear())

const server = (storeDir: string, ...more: string[]) =>
  work.run('server', ...FREE_PORTS, '--store-dir', storeDir, ...more)

async function send(namesrvAddr: string, body: string): Promise<string> {
  const producer = new Producer({ namesrvAddr, producerGroup: 'cli-test' })
  await producer.start()
  const { offsetMessageId } = await producer.send({ topic: 'orders', body })
  await producer.shutdown()
  return offsetMessageId
}

describe('rockhopper server', () => {
  test.each(['SIGTERM', 'SIGINT'] as const)('prints one ready line and ends with 0 at %s', async (signal) => {
    const run = server(work.directory())
    const { nameserver, broker } = await run.ready()
    expect(nameserver).toMatch(/^127\.0\.0\.1:\d+$/)
    run.signal(signal)
    const ended = await run.ended()
    expect(ended.out).toBe(`rockhopper ready nameserver=${nameserver} broker=${broker}\n`)
    expect([ended.code, ended.signal]).toEqual([0, null])
  })

  test('ends with 0 while clients are connected and a pull waits', async () => {
    const run = server(work.directory())
    const { nameserver: namesrvAddr } = await run.ready()
    const producer = new Producer({ namesrvAddr, producerGroup: 'cli-test' })
    await producer.start()
    await producer.send({ topic: 'orders', body: 'x' })
    const consumer = new PushConsumer({ namesrvAddr, consumerGroup: 'cli-test' })
    consumer.subscribe('orders')
    await consumer.start(async () => {})
    await consumer.ready()
    expect(await run.stop()).toMatchObject({ code: 0, signal: null })
    await Promise.all([producer.shutdown(), consumer.shutdown()])
  })

  test('takes a message at once after the ready line, and a restart finds it', async () => {
    const storeDir = work.directory()
    const first = server(storeDir)
    const { nameserver, broker } = await first.ready()
    const id = await send(nameserver, 'kept')
    expect((await first.stop()).code).toBe(0)

    const again = server(storeDir, '--broker-port', broker.split(':')[1] as string)
    const at = await again.ready()
    const found = await work.run('queryMsgById', '-n', at.nameserver, '-i', id, '--json').ended()
    expect(found.err).toBe('')
    expect(JSON.parse(found.out)).toMatchObject({ topic: 'orders', body: 'kept' })
  })

  test('finds what it acknowledged after kill -9', async () => {
    const storeDir = work.directory()
    const first = server(storeDir)
    const { nameserver, broker } = await first.ready()
    const id = await send(nameserver, 'acknowledged')
    first.signal('SIGKILL')
    expect((await first.ended()).signal).toBe('SIGKILL')

    const again = server(storeDir, '--broker-port', broker.split(':')[1] as string)
    const at = await again.ready()
    const found = await work.run('queryMsgById', '-n', at.nameserver, '-i', id, '--json').ended()
    expect(JSON.parse(found.out)).toMatchObject({ topic: 'orders', body: 'acknowledged' })
  })

  test('a second one on the same directory is refused and the first lives on', async () => {
    const storeDir = work.directory()
    const first = server(storeDir)
    const { nameserver } = await first.ready()
    const second = await server(storeDir).ended()
    expect(second).toMatchObject({ code: 1, out: '' })
    expect(second.err).toContain('Another broker uses this store directory')
    expect(second.err).toContain(storeDir)
    await send(nameserver, 'still served')
  })

  test('a busy port is refused with the next step, and nothing is left behind', async () => {
    const first = server(work.directory())
    const { broker } = await first.ready()
    const port = broker.split(':')[1] as string
    const second = await server(work.directory(), '--broker-port', port).ended()
    expect(second).toMatchObject({ code: 1, out: '' })
    expect(second.err).toContain(port)
    expect(second.err).toContain('Choose another port, or port 0 for any free one.')
  })

  test('ends when its input does, if a test program asked for it', async () => {
    const run = server(work.directory())
    await run.ready()
    run.endInput()
    expect((await run.ended()).code).toBe(0)
  })

  test('reads broker.conf, lets words and options go over it, warns about keys without effect', async () => {
    const directory = work.directory()
    const file = join(directory, 'broker.conf')
    writeFileSync(file, '# as for Apache\nbrokerName = from-file\nlistenPort=1\nwarmMapedFileEnable=true\n')
    const run = server(join(directory, 'store'), '-c', file, 'brokerName=from-words')
    const { nameserver } = await run.ready()
    await run.said(/WARN warmMapedFileEnable in .*broker\.conf is a key of Apache's server/)
    const listed = await work.run('clusterList', '-n', nameserver, '--json').ended()
    expect(JSON.parse(listed.out)).toMatchObject([{ brokerName: 'from-words' }])
  })
})
