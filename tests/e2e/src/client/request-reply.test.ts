import { describe, expect, test } from '@jest/globals'
import { createReplyMessage } from '@rockhopper/client'
import { Inbox } from './inbox.fixture.js'
import { World } from './world.fixture.js'

describe('request and reply', () => {
  test('each request gets its own reply, also over several brokers', async () => {
    await using world = await World.start({ brokers: 2, topics: [{ topic: 'T', queues: 2 }] })
    const replier = await world.producer({ producerGroup: 'repliers' })
    const inbox = new Inbox(async (message) => {
      await replier.send(createReplyMessage(message, `${message.body} and back`))
    })
    await world.consumer(inbox, { T: '*' })
    const requester = await world.producer({ producerGroup: 'requesters' })
    const asked = Array.from({ length: 20 }, (_, at) => `there ${at}`)
    const replies = await Promise.all(
      asked.map((body) => requester.request({ topic: 'T', body }, { timeoutMs: 10_000 })),
    )
    expect(replies.map((reply) => reply.body.toString())).toEqual(asked.map((body) => `${body} and back`))
  })

  test('nobody answers: REPLY_TIMEOUT; the caller gives up: REQUEST_ABORTED', async () => {
    await using world = await World.start({ topics: ['T'] })
    const requester = await world.producer()
    const lonely = requester.request({ topic: 'T', body: '' }, { timeoutMs: 300 })
    await expect(lonely).rejects.toMatchObject({ code: 'REPLY_TIMEOUT' })
    const aborting = new AbortController()
    const aborted = requester.request(
      { topic: 'T', body: '' },
      { timeoutMs: 10_000, signal: aborting.signal },
    )
    aborting.abort()
    await expect(aborted).rejects.toMatchObject({ code: 'REQUEST_ABORTED' })
  })
})
