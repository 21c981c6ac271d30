import { describe, expect, test } from '@jest/globals'
import { Controller } from '@nestjs/common'
import { RocketMQEvent } from './decorators.js'
import { RocketMQHealthIndicator } from './health.js'
import { MemoryBroker } from './memory-broker.fixture.js'
import { serve } from './server.fixture.js'
import { ServerRocketMQ } from './server.js'

@Controller()
class Orders {
  @RocketMQEvent('a')
  handle(): void {}
}

describe('health', () => {
  // B54
  test('tells liveness from readiness, and a lag from a failure', async () => {
    const { broker, strategy, app, send } = await serve([Orders])
    const health = new RocketMQHealthIndicator(strategy)
    expect(await health.readiness('mq', { lagMax: 1 })).toMatchObject({
      mq: { status: 'up', lag: { shop: 0 }, connection: 'connected' },
    })
    broker.sinceLastPollMs = 40_000
    expect(await health.readiness('mq')).toMatchObject({ mq: { sinceLastPollMs: { shop: 40_000 } } })
    expect(await health.readiness('mq', { pollAgeMaxMs: 30_000 })).toMatchObject({
      mq: { status: 'degraded' },
    })
    expect(await health.readiness('mq', { pollAgeMaxMs: 50_000 })).toMatchObject({ mq: { status: 'up' } })
    strategy.pause()
    for (const id of [1, 2, 3]) send('a', id)
    expect(await health.readiness('mq', { lagMax: 1 })).toMatchObject({
      mq: { status: 'degraded', lag: { shop: 3 }, paused: ['shop'] },
    })
    expect(await health.readiness('mq', { lagDownAt: 2 })).toMatchObject({ mq: { status: 'down' } })
    broker.down = new Error('no name server')
    expect(await health.readiness('mq')).toMatchObject({ mq: { status: 'down', message: 'no name server' } })
    expect(await health.liveness('mq')).toMatchObject({ mq: { status: 'up' } })
    await app.close()
    expect(await health.liveness('mq')).toMatchObject({ mq: { status: 'down', connection: 'closed' } })
  })

  // B54
  test('what an application includes makes readiness as bad as its worst part', async () => {
    const { broker, strategy, app } = await serve([Orders])
    const health = new RocketMQHealthIndicator(strategy)
    let status: 'up' | 'degraded' | 'down' = 'up'
    health.include('rows', async () => ({ part: { status, message: 'of rows' } }))
    health.include('other', async () => ({ part: { status: 'up' } }))
    const read = async (options = {}) => (await health.readiness('mq', options)).mq
    const parts = () => ({ rows: { status, message: 'of rows' }, other: { status: 'up' } })
    expect(await read()).toMatchObject({ status: 'up', isDegraded: false, parts: parts() })
    status = 'degraded'
    expect(await read()).toMatchObject({ status: 'degraded', isDegraded: true, parts: parts() })
    expect(await read({ degradedAs: 'up' })).toMatchObject({ status: 'up', isDegraded: true })
    status = 'down'
    expect(await read()).toMatchObject({ status: 'down', parts: parts() })
    status = 'up'
    broker.down = new Error('no name server')
    expect(await read()).toMatchObject({ status: 'down', message: 'no name server', parts: parts() })
    await app.close()
  })

  test('before listen a server is alive and not ready', async () => {
    const health = new RocketMQHealthIndicator(new ServerRocketMQ({ clients: new MemoryBroker() }))
    expect(await health.liveness('mq')).toMatchObject({ mq: { status: 'up' } })
    expect(await health.readiness('mq')).toMatchObject({ mq: { status: 'down' } })
  })
})
