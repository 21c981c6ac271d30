import { describe, expect, test } from '@jest/globals'
import type { Message } from '@rockhopper/message'
import type { AllocateStrategy } from './allocation.js'
import { allocateByConsistentHash } from './consistent-hash.js'
import { allocateByMachineRoom, allocateMachineRoomNearby, selectByMachineRoom } from './machine-room.js'

const QUEUES = ['east@a', 'north@c', 'west@b'].flatMap((brokerName) =>
  [0, 1, 2, 3].map((queueId) => ({ topic: 'T', brokerName, queueId })),
)
const MEMBERS = ['east-1', 'east-2', 'west-1', 'west-2', 'west-3']
const byPrefix = {
  brokerDeployIn: ({ brokerName }: { brokerName: string }) => brokerName.split('@')[0] ?? '',
  consumerDeployIn: (clientId: string) => clientId.split('-')[0] ?? '',
}

/** Queues of each member, as the first letter of the broker and the queue id. */
function shares({ allocate }: AllocateStrategy, members = MEMBERS): string[] {
  return members.map((clientId) =>
    allocate(QUEUES, members, clientId)
      .map(({ brokerName, queueId }) => `${brokerName[0]}${queueId}`)
      .join(' '),
  )
}

// What the strategies of Apache's client 5.4.0 answer for these queues and members.
describe('queues are shared out as by Apache', () => {
  test('within machine rooms', () => {
    expect(shares(allocateByMachineRoom(['east', 'west']))).toEqual(['e0 w1', 'e1 w2', 'e2 w3', 'e3', 'w0'])
  })

  test('to the members nearby, and to all where there is none', () => {
    const expected = ['e0 e1 n0', 'e2 e3 n1', 'w0 w1 n2', 'w2 n3', 'w3']
    expect(shares(allocateMachineRoomNearby(byPrefix))).toEqual(expected)
    expect(shares(allocateMachineRoomNearby(byPrefix), ['east-1'])).toEqual([
      'e0 e1 e2 e3 n0 n1 n2 n3 w0 w1 w2 w3',
    ])
  })

  test('by consistent hashes', () => {
    const ten = ['e3 n1 w2', 'e0 n3 w3', 'e2 n0 n2 w0', '', 'e1 w1']
    expect(shares(allocateByConsistentHash())).toEqual(ten)
    const three = ['e1 n1 w1 w3', 'e0 n3 w0', 'e2 e3 n0 n2 w2', '', '']
    expect(shares(allocateByConsistentHash(3))).toEqual(three)
  })

  test('and who is not a member gets nothing', () => {
    for (const strategy of [
      allocateByMachineRoom(['east']),
      allocateMachineRoomNearby(byPrefix),
      allocateByConsistentHash(),
    ]) {
      expect(strategy.allocate(QUEUES, MEMBERS, 'stranger')).toEqual([])
    }
  })
})

test('a resolver that names no room, and a ring without points, are told', () => {
  const nowhere = allocateMachineRoomNearby({ ...byPrefix, brokerDeployIn: () => '' })
  expect(() => nowhere.allocate(QUEUES, MEMBERS, 'east-1')).toThrow(/names no room for .*"east@a"/)
  expect(() => allocateByConsistentHash(0)).toThrow(/1 to 100000/)
})

test('a producer sends to the queues of its machine room in turn', () => {
  const select = selectByMachineRoom(['west'])
  const message: Message = { topic: 'T', body: '' }
  const chosen = Array.from({ length: 5 }, () => select(QUEUES, message))
  expect(chosen.map(({ brokerName, queueId }) => `${brokerName} ${queueId}`)).toEqual([
    'west@b 0',
    'west@b 1',
    'west@b 2',
    'west@b 3',
    'west@b 0',
  ])
  expect(() => selectByMachineRoom(['south'])(QUEUES, message)).toThrow(/no broker in south/)
})
