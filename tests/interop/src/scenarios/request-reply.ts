import { expect } from '@jest/globals'
import type { Cluster } from '../cluster.js'
import { type Program, withPrograms } from '../program.js'
import { createTopic } from '../topics.js'

const COUNT = 3

interface Asking {
  readonly name: string
  /** Starts the asking or the answering program with these options. */
  start(program: 'Request' | 'Reply', options: Readonly<Record<string, string | number>>): Promise<Program>
}

/** Every question gets its own answer. */
export async function requestReply(cluster: Cluster, asking: Asking, answering: Asking): Promise<void> {
  const { nameserver } = cluster
  const topic = `questions-${asking.name}-${answering.name}`.replaceAll(/[^\w-]/g, '_')
  await createTopic(cluster, topic)
  await withPrograms(async (programs) => {
    const replier = await answering.start('Reply', { nameserver, topic, group: `${topic}-repliers` })
    programs.push(replier)
    await replier.until(({ event }) => event === 'ready')
    const requester = await asking.start('Request', {
      nameserver,
      topic,
      group: `${topic}-requesters`,
      count: COUNT,
    })
    programs.push(requester)
    await requester.succeeded()
    expect(requester.of('reply').map(({ text }) => text)).toEqual(
      Array.from({ length: COUNT }, (_, i) => `answer to question ${i} 你好`),
    )
    await replier.closed()
  })
}
