import { afterEach, describe, expect, test } from '@jest/globals'
import { env, nameServerOf, type Routes, type ScriptedServer } from '../scripted-servers.fixture.js'
import { SILENT } from '../virtual-clock.fixture.js'
import { type ClientApi, createClientApi } from './client-api.js'
import { NameServers, parseAddresses } from './name-servers.js'
import { RouteCache } from './route-cache.js'

describe('route cache', () => {
  const ends: (() => Promise<void>)[] = []
  afterEach(async () => {
    for (const end of ends.splice(0)) await end()
  })

  async function nameServer(routes: Routes): Promise<ScriptedServer & { readonly asked: string[] }> {
    const server = await nameServerOf(routes)
    ends.push(() => server.stop())
    return server
  }

  function cacheOf(namesrvAddr: string): RouteCache {
    const api: ClientApi = createClientApi({ env, timeoutMs: 500 })
    ends.push(() => api.close())
    return new RouteCache({
      nameServers: new NameServers(namesrvAddr, api.commands, SILENT),
      clock: env.clock,
      log: SILENT,
    })
  }

  const routesOf = (queues: number): Routes =>
    new Map([['T', [{ name: 'a', address: '127.0.0.1:1', queues }]]])

  test('a route is asked for once, also by calls at the same time', async () => {
    const server = await nameServer(routesOf(2))
    const cache = cacheOf(server.address)
    const found = await Promise.all([cache.find('T'), cache.find('T'), cache.find('T')])
    await cache.find('T')
    expect(found[0]?.writeQueues).toEqual([
      { topic: 'T', brokerName: 'a', queueId: 0 },
      { topic: 'T', brokerName: 'a', queueId: 1 },
    ])
    expect(cache.masterAddress('a')).toBe('127.0.0.1:1')
    expect(server.asked).toEqual(['T'])
  })

  test('when a name server is gone the next one is asked, and stays the one that is asked', async () => {
    const [first, second] = [await nameServer(routesOf(1)), await nameServer(routesOf(2))]
    const cache = cacheOf(`${first.address};${second.address}`)
    expect((await cache.fetch('T'))?.writeQueues.length).toBe(1)
    await first.stop()
    expect((await cache.fetch('T'))?.writeQueues.length).toBe(2)
    await cache.fetch('T')
    expect(second.asked.length).toBe(2)
  })

  test('a name server that was restarted and knows nothing yet does not erase a route', async () => {
    const routes = routesOf(2)
    const cache = cacheOf((await nameServer(routes)).address)
    await cache.find('T')
    routes.clear()
    await cache.refresh()
    expect(cache.get('T')?.writeQueues.length).toBe(2)
    routes.set('T', [{ name: 'b', address: '127.0.0.1:2', queues: 1 }])
    await cache.refresh()
    expect(cache.get('T')?.writeQueues).toEqual([{ topic: 'T', brokerName: 'b', queueId: 0 }])
    expect(cache.masterAddress('a')).toBeUndefined()
  })

  test("a broker's address is that of the route confirmed last, not of a topic that is no more", async () => {
    const at = (address: string) => [{ name: 'a', address, queues: 1 }]
    const routes: Routes = new Map([
      ['T', at('127.0.0.1:1')],
      ['deleted', at('127.0.0.1:1')],
    ])
    const cache = cacheOf((await nameServer(routes)).address)
    await cache.find('T')
    await cache.find('deleted')
    routes.delete('deleted')
    routes.set('T', at('127.0.0.1:2'))
    await cache.refresh()
    expect(cache.masterAddress('a')).toBe('127.0.0.1:2')
  })

  test('with every name server down cached routes go on, others end in an error', async () => {
    const server = await nameServer(routesOf(2))
    const cache = cacheOf(server.address)
    await cache.find('T')
    await server.stop()
    await cache.refresh()
    expect((await cache.find('T'))?.writeQueues.length).toBe(2)
    await expect(cache.find('other')).rejects.toMatchObject({ code: 'NAME_SERVER_UNREACHABLE' })
    await expect(cache.find('other')).rejects.toThrow(server.address)
  })

  test('an unknown topic takes the route of TBW102, with no more queues than wanted', async () => {
    const routes: Routes = new Map([['TBW102', [{ name: 'a', address: '127.0.0.1:1', queues: 8 }]]])
    const cache = cacheOf((await nameServer(routes)).address)
    const route = await cache.findForSend('new', 'TBW102', 4)
    expect(route.writeQueues.map((queue) => `${queue.topic}/${queue.queueId}`)).toEqual([
      'new/0',
      'new/1',
      'new/2',
      'new/3',
    ])
    expect(cache.get('new')).toBeUndefined()
    await expect(cache.findForSend('new', 'NONE', 4)).rejects.toThrow(/updateTopic.*autoCreateTopicEnable/)
  })

  test('addresses that cannot be read are refused', () => {
    expect(parseAddresses('a:1; b:2')).toEqual(['a:1', 'b:2'])
    for (const text of ['', ';', 'host', 'host:x', 'host:99999'])
      expect(() => parseAddresses(text)).toThrow('Reading')
  })
})
