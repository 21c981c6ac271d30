import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from '@jest/globals'
import { Admin } from '@rockhopper/client'
import { createNodeEnv } from '@rockhopper/env'
import { COMMANDS, type CommandName, type CommandRow, createRemotingClient } from '@rockhopper/remoting'
import { goClient, runJavaFeature } from '../clients.js'
import type { Cluster } from '../cluster.js'
import type { Side } from '../matrix/features.js'
import { withPrograms } from '../program.js'
import { tempDir } from '../temp.js'
import { createTopic } from '../topics.js'
import { type RefusedRequest, refusedRequests } from './refused-requests.js'

interface Answer {
  readonly code: number
  readonly remark: string | null | undefined
}

/** Perm of a topic that can be written and not read. */
const WRITE_ONLY = 2
const TIMEOUT_MS = 20_000

/** Each wrong request gets the code, and a kind of remark, that the table says, whoever has the servers. */
export async function refuseTheSame(cluster: Cluster, side: Side): Promise<void> {
  const { nameserver } = cluster
  const topic = `refusing-${side}`
  const names = {
    topic,
    unreadable: `${topic}-unreadable`,
    group: `${topic}-group`,
    disabledGroup: `${topic}-off`,
  }
  await createTopic(cluster, names.topic, 1)
  await createTopic(cluster, names.unreadable, 1, WRITE_ONLY)
  const admin = new Admin({ namesrvAddr: nameserver })
  await admin.start()
  await admin.updateSubscriptionGroup({ groupName: names.disabledGroup, consumeEnable: false })
  await admin.updateSubscriptionGroup({ groupName: names.group })
  await admin.shutdown()
  await withPrograms(async (programs) => {
    const messages = [{ topic, body: Buffer.from('one') }]
    const producer = await goClient.produce({ nameserver, group: 'refused-producers', messages })
    programs.push(producer)
    await producer.succeeded()
  })
  const requests = refusedRequests(names)
  const answers = await (side === 'ours' ? askedByOurs(cluster, requests) : askedByJava(cluster, requests))
  const wrong = requests.flatMap((request) => {
    const answer = answers.get(request.name)
    const right = answer?.code === request.code && (request.remark?.test(answer.remark ?? '') ?? true)
    return right ? [] : [{ name: request.name, answer, expected: [request.code, String(request.remark)] }]
  })
  expect(wrong).toEqual([])
}

async function askedByOurs(
  cluster: Cluster,
  requests: readonly RefusedRequest[],
): Promise<Map<string, Answer>> {
  const client = createRemotingClient({ ...createNodeEnv(), timeoutMs: TIMEOUT_MS })
  try {
    const answers = new Map<string, Answer>()
    for (const { name, at, command, header, bodySize } of requests) {
      const body = bodySize === undefined ? undefined : Buffer.alloc(bodySize, 'x')
      const { code, remark } = await client.invoke(addressOf(cluster, at), command, header as never, body)
      answers.set(name, { code, remark })
    }
    return answers
  } finally {
    await client.close()
  }
}

/** A line of Ask.java for each. */
async function askedByJava(
  cluster: Cluster,
  requests: readonly RefusedRequest[],
): Promise<Map<string, Answer>> {
  const file = join(tempDir('requests'), 'requests.tsv')
  const rows = requests.map(({ name, at, command, header, bodySize }) => {
    const fields = Object.entries(header).filter(([, value]) => value !== undefined)
    return [
      ...[name, addressOf(cluster, at), COMMANDS[command].code, bodySize ?? '-'],
      ...fields.flatMap(([field, value]) => [base64(wireName(command, field)), base64(String(value))]),
    ].join('\t')
  })
  writeFileSync(file, `${rows.join('\n')}\n`)
  return withPrograms(async (programs) => {
    const { nameserver } = cluster
    const program = await runJavaFeature('Ask', { nameserver, group: 'refused-askers', requests: file })
    programs.push(program)
    await program.succeeded()
    const lines = program.of('answered')
    return new Map(lines.map((line) => [String(line['name']), line as unknown as Answer]))
  })
}

const addressOf = ({ broker, nameserver }: Cluster, at: RefusedRequest['at']): string =>
  at === 'broker' ? broker.address : nameserver

const base64 = (text: string): string => Buffer.from(text).toString('base64')

function wireName(command: CommandName, field: string): string {
  const row: CommandRow = COMMANDS[command]
  return row.request?.[field]?.wire ?? field
}
