import { type AddressInfo, createServer } from 'node:net'
import { afterEach, expect, test } from '@jest/globals'
import { Workplace } from '../rockhopper.fixture.js'

const work = new Workplace()

afterEach(() => work.clear())

test('a broker is ready when its name server knows it, as seed 003 starts it', async () => {
  const { nameserver } = await work.run('nameserver', '--port', '0', '--exit-with-input').ready()
  const storeDir = work.directory()
  const words = ['-n', nameserver, '--port', '0', '--store-dir', storeDir, '--exit-with-input']
  const run = work.run('broker', ...words, 'autoCreateTopicEnable=true')
  const { broker } = await run.ready()
  const listed = await work.run('clusterList', '-n', nameserver, '--json').ended()
  expect(JSON.parse(listed.out)).toMatchObject([
    { clusterName: 'DefaultCluster', brokerId: 0, address: broker },
  ])
  expect(await run.stop()).toMatchObject({ code: 0, out: `rockhopper ready broker=${broker}\n` })
})

test('a broker whose name server is away is not ready, and stops with 0 all the same', async () => {
  const nameserver = work.run('nameserver', '--port', '0', '--exit-with-input')
  const gone = (await nameserver.ready()).nameserver
  await nameserver.stop()
  const run = work.run(
    'broker',
    '-n',
    gone,
    '--port',
    '0',
    '--store-dir',
    work.directory(),
    '--exit-with-input',
  )
  await run.said(/WARN|ERROR/)
  expect(await run.stop()).toMatchObject({ code: 0, out: '' })
})

test('a name server that takes connections and never answers does not hold up the stop', async () => {
  const mute = createServer((socket) => void socket.on('error', () => {}).resume())
  await new Promise<void>((resolve) => mute.listen(0, '127.0.0.1', resolve))
  const address = `127.0.0.1:${(mute.address() as AddressInfo).port}`
  const connected = new Promise((resolve) => mute.once('connection', resolve))
  const run = work.run('broker', '-n', address, '--port', '0', '--store-dir', work.directory())
  await connected
  expect(await run.stop()).toMatchObject({ code: 0, out: '' })
  mute.close()
})
