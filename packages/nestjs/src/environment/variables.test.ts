import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { describe, expect, test } from '@jest/globals'
import { Module } from '@nestjs/common'
import { ConfigModule, ConfigService, registerAs } from '@nestjs/config'
import { Test } from '@nestjs/testing'
import { RocketMQModule } from '../module.js'
import type { RocketMQModuleOptions } from '../options.js'
import { ROCKETMQ_OPTIONS } from '../transport.js'
import { ROCKETMQ_VARIABLES, rocketMQEnvironment, rocketMQOptions } from './variables.js'

const variables = {
  ROCKETMQ_NAMESRV_ADDR: 'a:9876;b:9876',
  ROCKETMQ_CONSUMER_GROUP: 'stock',
  ROCKETMQ_CONCURRENCY: '7',
  ROCKETMQ_AUTO_START: 'false',
  ROCKETMQ_REQUEST_TIMEOUT_MS: '500',
  ROCKETMQ_PRODUCER_GROUP: '',
  ROCKETMQ_ACCESS_KEY: 'stock',
  ROCKETMQ_SECRET_KEY: 'secret',
  ROCKETMQ_TLS: 'true',
  ROCKETMQ_TLS_SERVERNAME: 'mq.example',
}

const options: RocketMQModuleOptions = {
  namesrvAddr: 'a:9876;b:9876',
  acl: { accessKey: 'stock', secretKey: 'secret' },
  tls: { servername: 'mq.example' },
  server: { consumerGroup: 'stock', concurrency: 7, autoStart: false },
  client: { requestTimeoutMs: 500 },
}

/** That of Nest 11 takes a function or a schema of Joi. */
const { version } = createRequire(import.meta.url)('@nestjs/config/package.json') as { version: string }
const takesStandardSchema = Number(version.split('.')[0]) >= 12

describe('options from the environment', () => {
  test('hold what is set, and leave defaults to the rest', () => {
    expect(rocketMQOptions(variables)).toEqual(options)
    expect(rocketMQOptions({})).toEqual({ server: {}, client: {} })
  })

  test('name every variable that is wrong', () => {
    const wrong = { ROCKETMQ_NAMESRV_ADDR: 'none', ROCKETMQ_CONCURRENCY: '0', ROCKETMQ_CODEC: 'xml' }
    expect(() => rocketMQOptions(wrong)).toThrow(
      /ROCKETMQ_NAMESRV_ADDR: want .*ROCKETMQ_CODEC: want json or .*ROCKETMQ_CONCURRENCY: want a whole/,
    )
  })

  test('name what is missing beside another, and no secret', () => {
    const said = (given: object) => {
      try {
        return rocketMQOptions({ ...given })
      } catch (error) {
        return String(error)
      }
    }
    expect(said({ ROCKETMQ_ACCESS_KEY: 'stock' })).toMatch(/ROCKETMQ_SECRET_KEY: want it set, because/)
    expect(said({ ROCKETMQ_SECRET_KEY: 'hidden' })).toMatch(/ROCKETMQ_ACCESS_KEY: want it set/)
    expect(said({ ROCKETMQ_SECRET_KEY: 'hidden' })).not.toContain('hidden')
    expect(said({ ROCKETMQ_TLS: 'false', ROCKETMQ_TLS_SERVERNAME: 'mq' })).toMatch(/ROCKETMQ_TLS: want it/)
    expect(said({ ROCKETMQ_TLS: 'true' })).toMatchObject({ tls: {} })
    expect(said({ ROCKETMQ_TLS: 'false' })).not.toHaveProperty('tls')
  })

  // B55
  test('are checked by ConfigModule, and reach RocketMQModule through it', async () => {
    const rocketmq = registerAs('rocketmq', () => rocketMQOptions(variables))
    @Module({
      imports: [
        ConfigModule.forRoot({ ignoreEnvFile: true, isGlobal: true, load: [rocketmq] }),
        RocketMQModule.forRootAsync(rocketmq.asProvider()),
      ],
    })
    class App {}
    const module = await Test.createTestingModule({ imports: [App] }).compile()
    expect(module.get(ROCKETMQ_OPTIONS)).toEqual(options)
    expect(module.get(ConfigService).get('rocketmq.server.concurrency')).toBe(7)
    await module.close()
  })

  test('an application with a wrong variable does not start, and says which', async () => {
    const checked = async (given: object) =>
      (await rocketMQEnvironment['~standard'].validate({ HOME: '/root', ...given })) as object
    expect(await checked(variables)).toMatchObject({ value: { HOME: '/root', ROCKETMQ_CONCURRENCY: 7 } })
    process.env['ROCKETMQ_CONCURRENCY'] = 'many'
    try {
      const validate = (environment: Record<string, unknown>) => {
        rocketMQOptions(environment)
        return environment
      }
      const start = async () => ConfigModule.forRoot({ ignoreEnvFile: true, validate })
      await expect(start()).rejects.toThrow('ROCKETMQ_CONCURRENCY')
      if (!takesStandardSchema) return
      const checkedStart = ConfigModule.forRoot({
        ignoreEnvFile: true,
        validationSchema: rocketMQEnvironment,
      })
      await expect(checkedStart).rejects.toThrow('ROCKETMQ_CONCURRENCY')
    } finally {
      delete process.env['ROCKETMQ_CONCURRENCY']
    }
  })

  test('are all named in the README', () => {
    const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8')
    for (const [name, { about }] of Object.entries(ROCKETMQ_VARIABLES)) {
      expect(readme).toContain(`| \`${name}\` | ${about} |`)
    }
  })
})
