import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { readTopicsFile } from '@rockhopper/cli'
import { LOGS_PLAN } from '@rockhopper/logs-contracts'
import { SECKILL_PLAN } from '@rockhopper/seckill-contracts'
import { SHOP_PLAN } from '@rockhopper/shop-contracts'

const root = join(import.meta.dirname, '../../..')

test.each([SHOP_PLAN, LOGS_PLAN, SECKILL_PLAN])('$file has what its services declare', (plan) => {
  const { topics, groups } = readTopicsFile(readFileSync(join(root, plan.file), 'utf8'), plan.file)
  const wanted = plan.topics.map(({ topic, queues, type }) => ({
    topic,
    readQueueNums: queues,
    writeQueueNums: queues,
    attributes: type === undefined ? {} : { 'message.type': type },
  }))
  expect(topics).toEqual(wanted)
  expect(groups.map(({ group }) => group)).toEqual(plan.groups)
})
