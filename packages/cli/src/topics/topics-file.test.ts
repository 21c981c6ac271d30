import { expect, test } from '@jest/globals'
import { readTopicsFile, TopicsFileError } from './topics-file.js'

const FILE = `
topics:
  - topic: order_topic
    queues: 4
    type: FIFO
  - topic: unpaid
    readQueueNums: 8
    writeQueueNums: 4
    perm: 4
    order: true
    attributes:
      reserve.time: 3600
groups:
  - group: readers
    retryMaxTimes: 5
    consumeMessageOrderly: true
    attributes: { priority.factor: 50 }
  - group: others
`

test('a file names topics and groups with the settings that it wants, and no others', () => {
  expect(readTopicsFile(FILE, 'topics.yaml')).toEqual({
    topics: [
      {
        topic: 'order_topic',
        readQueueNums: 4,
        writeQueueNums: 4,
        attributes: { 'message.type': 'FIFO' },
      },
      {
        topic: 'unpaid',
        readQueueNums: 8,
        writeQueueNums: 4,
        perm: 4,
        order: true,
        attributes: { 'reserve.time': '3600' },
      },
    ],
    groups: [
      {
        group: 'readers',
        settings: { retryMaxTimes: 5, consumeMessageOrderly: true },
        attributes: { 'priority.factor': '50' },
      },
      { group: 'others', settings: {}, attributes: {} },
    ],
  })
  expect(readTopicsFile('topics:\n', 'x')).toEqual({ topics: [], groups: [] })
})

function wrongWith(text: string): string[] {
  try {
    readTopicsFile(text, 'topics.yaml')
  } catch (error) {
    if (error instanceof TopicsFileError) return error.message.split('\n')
    throw error
  }
  return []
}

test('everything that is wrong is told at once, each with its line', () => {
  const text = `topics:
  - topic: a
    queus: 4
  - topic: b
    queues: 4000
    type: LATE
  - topic: 'a b'
  - topic: a
  - queues: 1
grups: []
groups:
  - group: g
    consumeEnable: 1
  - g2
  - group: h
    attributes: { a: '1,+b=2' }
`
  expect(wrongWith(text)).toEqual([
    "topics.yaml:10: the file has no 'grups'; did you mean 'groups'?",
    "topics.yaml:3: a topic has no 'queus'; did you mean 'queues'?",
    "topics.yaml:5: 'queues' is a whole number from 1 to 1024",
    "topics.yaml:6: 'type' is one of UNSPECIFIED, NORMAL, FIFO, DELAY, TRANSACTION, MIXED, PRIORITY",
    expect.stringMatching(/^topics\.yaml:7: the topic 'a b': /),
    "topics.yaml:8: the topic 'a' is in line 2 already",
    'topics.yaml:9: a topic needs its name: "topic: NAME"',
    "topics.yaml:13: 'consumeEnable' is true or false",
    'topics.yaml:14: a group begins with "- group: NAME"',
    "topics.yaml:16: the attribute 'a' needs one value without commas",
  ])
})

test.each([
  ['', 'topics.yaml:1: want a list `topics:` and a list `groups:`'],
  ['topics: a', `topics.yaml:1: 'topics' is a list: write "- topic: NAME" below it`],
  ['topics:\n  - topic: a\n  queues: 3', /^topics\.yaml:[23]: /],
  ['topics: [', /^topics\.yaml:1: /],
])('%j is no file of topics', (text, says) => {
  expect(wrongWith(text)[0]).toEqual(typeof says === 'string' ? says : expect.stringMatching(says))
})
